"""Stand-in: google-auth makes a SHA-256 when it is imported, and hands it on when it signs or verifies."""

from __future__ import annotations

from not_shipped import others


class HashAlgorithm:
    """Hashes nothing."""


class SHA256(HashAlgorithm):
    """Hashes nothing."""


__getattr__ = others(__name__)
