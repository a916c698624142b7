"""Stand-in: hosts whose names are not ASCII are not asked. Those of Google's APIs and of AWS are ASCII."""

from __future__ import annotations

from typing import NoReturn

from not_shipped import others, refuse


class IDNAError(UnicodeError):
    """Never raised: whoever would encode such a name is refused before."""


def encode(*_: object, **__: object) -> NoReturn:
    """Refuses."""
    refuse(f"{__name__}.encode")


__getattr__ = others(__name__)
