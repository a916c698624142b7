"""Changes that take time to be seen: a collection that remembers for a while what it held before.

Who manages a value reads the newest. Who decides by it reads what was there a delay ago, by the injected clock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Generic

from federation_emulator.core.clock import Clock
from federation_emulator.core.store import Collection, T

MOST_REMEMBERED = 1000
"""Superseded values that are remembered under one key; beyond it the oldest change is seen early."""


@dataclass(frozen=True, kw_only=True)
class Superseded(Generic[T]):
    """A value that was replaced, or ``None`` where there was none; it held until this moment."""

    value: T | None
    until: datetime


class Propagated(Collection[T]):
    """A collection whose changes are seen after a delay.

    Args:
        folder: As for any collection; what is remembered is not kept there, so after a restart all is seen.
        delay: How long a change takes to be seen now; zero without faults.
        first_at_once: A first value comes with the resource itself, and is seen as soon as that is.
    """

    def __init__(
        self,
        name: str,
        kind: type[T],
        *,
        folder: Path | None,
        clock: Clock,
        delay: Callable[[], timedelta],
        first_at_once: bool = False,
    ) -> None:
        super().__init__(name, kind, folder=folder)
        self._clock = clock
        self._delay = delay
        self._first_at_once = first_at_once
        self._before: dict[str, deque[Superseded[T]]] = {}

    def put(self, key: str, value: T) -> None:
        """Keep a value; it is seen after the delay."""
        before = self.get(key)
        super().put(key, value)
        if self._delay() and not (before is None and self._first_at_once):
            remembered = self._before.setdefault(key, deque(maxlen=MOST_REMEMBERED))
            remembered.append(Superseded(value=before, until=self._clock.now()))

    def remove(self, *keys: str) -> None:
        """Forget values, at once: what they were about is gone, and a namesake must not be mistaken for it."""
        super().remove(*keys)
        self.settle(*keys)

    def seen(self, key: str) -> T | None:
        """Return what is seen under a key now: the value of a delay ago."""
        delay = self._delay()
        if delay:
            moment = self._clock.now() - delay
            for superseded in self._before.get(key, ()):
                if superseded.until > moment:
                    return superseded.value
        return self.get(key)

    def settle(self, *keys: str) -> None:
        """Let what is held under these keys be seen at once; under all keys if none is named."""
        for key in keys or tuple(self._before):
            self._before.pop(key, None)
