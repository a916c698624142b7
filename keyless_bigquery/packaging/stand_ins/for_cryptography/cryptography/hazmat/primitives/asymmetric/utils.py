"""Stand-in: what google-auth takes ECDSA signatures apart with."""

from __future__ import annotations

from typing import NoReturn

from not_shipped import others, refuse


def decode_dss_signature(*_: object) -> NoReturn:
    """Refuses."""
    refuse(f"{__name__}.decode_dss_signature")


def encode_dss_signature(*_: object) -> NoReturn:
    """Refuses."""
    refuse(f"{__name__}.encode_dss_signature")


__getattr__ = others(__name__)
