"""Stand-in: google-auth makes a padding when it is imported, and hands it on when it signs or verifies."""

from __future__ import annotations

from not_shipped import others


class PKCS1v15:
    """Pads nothing."""


__getattr__ = others(__name__)
