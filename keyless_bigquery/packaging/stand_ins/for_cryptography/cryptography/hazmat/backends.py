"""Stand-in: google-auth asks for the default back end when it is imported, and hands it on when it reads a key."""

from __future__ import annotations

from not_shipped import others


def default_backend() -> None:
    """There is none."""


__getattr__ = others(__name__)
