"""Stand-in, for the modules in it."""

from __future__ import annotations

from not_shipped import others

__getattr__ = others(__name__)
