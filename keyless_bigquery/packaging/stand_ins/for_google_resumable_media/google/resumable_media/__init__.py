"""Stand-in: no file is uploaded, such as a load job's."""

from __future__ import annotations

from not_shipped import others


class InvalidResponse(Exception):  # noqa: N818  # the name of what it stands in for
    """Never raised: whoever would upload is refused before."""


__getattr__ = others(__name__)
