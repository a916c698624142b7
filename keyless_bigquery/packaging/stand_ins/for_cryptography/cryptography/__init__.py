"""Stand-in: there is no cryptography here. No key is read, nothing is signed, and no signature is found good."""

from __future__ import annotations

from not_shipped import others

__getattr__ = others(__name__)
