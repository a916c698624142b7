"""What the BigQuery emulator said of its tables and datasets, kept until anything is written to it.

Every query asks whether its tables exist, of which type they are and where; the answers change only by writes, and
all writes pass the gateway.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MOST_ENTRIES = 4096
"""When more are known all are forgotten: simple, and no stack of this kind has so many tables."""


class Catalogue:
    """Resources by path. One that was asked for before a write, and answered after it, is never kept."""

    def __init__(self) -> None:
        self._known: dict[str, Mapping[str, Any] | None] = {}
        self.generation = 0

    def __contains__(self, path: str) -> bool:
        return path in self._known

    def __getitem__(self, path: str) -> dict[str, Any] | None:
        found = self._known[path]
        return None if found is None else dict(found)

    def keep(self, path: str, resource: Mapping[str, Any] | None, *, generation: int) -> None:
        """Keep what was answered.

        Args:
            path: Which table or dataset.
            resource: The answer; ``None``: there is none of that name.
            generation: :attr:`generation` when it was asked for.
        """
        if generation != self.generation:
            return
        if len(self._known) >= MOST_ENTRIES:
            self._known.clear()
        self._known[path] = resource

    def forget(self) -> None:
        """Forget everything: something is about to be written, or has been."""
        self.generation += 1
        self._known.clear()
