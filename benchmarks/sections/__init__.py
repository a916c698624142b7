"""The sections of ``make bench``. Each is a module here with ``measure``, named for it."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import cast

from benchmarks.report import Table

SECTIONS = (
    *("cold-start", "size", "round-trips", "warm-latency", "rows"),
    *("plan", "local-cloud", "demo", "set-up"),
)
"""Every section's name, in the order in which they run."""

ONLY_WHEN_NAMED = frozenset({"set-up"})
"""What takes minutes and downloads all there is: `make bench-setup`."""


def measuring(section: str) -> Callable[[], tuple[Table, ...]]:
    """What measures a section; its module has ``_`` where the name has ``-``."""
    module = importlib.import_module(f"{__name__}.{section.replace('-', '_')}")
    return cast("Callable[[], tuple[Table, ...]]", module.measure)
