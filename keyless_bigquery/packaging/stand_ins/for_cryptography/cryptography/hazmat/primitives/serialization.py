"""Stand-in: no key is read or written."""

from __future__ import annotations

from not_shipped import others

__getattr__ = others(__name__)
