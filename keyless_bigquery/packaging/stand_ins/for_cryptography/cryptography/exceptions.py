"""Stand-in: the name that google-auth catches."""

from __future__ import annotations

from not_shipped import others


class InvalidSignature(Exception):  # noqa: N818  # the name of what it stands in for
    """Never raised: whoever would check a signature is refused before."""


__getattr__ = others(__name__)
