"""The end of an invocation.

Lambda stops a function at its timeout without a word of the function's own. So every request here gets no more time
than is left before that, less a margin in which to say what happened. A request's time limit only bounds each wait
for more bytes; against a server that sends a byte now and then there is an alarm besides.
"""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Collection, Iterator
from types import FrameType
from typing import NoReturn

MARGIN_SECONDS = 1.5
"""Kept back from an invocation's time, for the log line."""

_ALARM_AFTER_SECONDS = 0.3
_AGAIN_AFTER_SECONDS = 0.3
"""Between one alarm and the next: what handles the first may itself wait for an answer, as a client that cancels its
job does."""


class OutOfTimeError(Exception):
    """The invocation has no time left.

    Neither one of ``requests``' own errors, which count as transient and would be tried again, nor a ``TimeoutError``,
    which urllib3 takes for a socket's. Where the alarm rang there is no host.

    Attributes:
        host: Who was asked, with its port.
        path: What for.
        answered: The services that have answered in this invocation, as :attr:`TimeLimit.answered`.
        proxy: Host and port of the proxy that was in between.
    """

    def __init__(
        self, *, host: str = "", path: str = "", answered: Collection[tuple[str, str]] = (), proxy: str | None = None
    ) -> None:
        super().__init__(f"no time left for {host or 'the invocation'}")
        self.host = host
        self.path = path
        self.answered = frozenset(answered)
        self.proxy = proxy


class TimeLimit:
    """How much time the current invocation has left. Nothing, before the first one begins.

    Attributes:
        answered: Host and purpose of each service that has answered since it began: it can be reached, and if it
            gives no answer any more, it is slow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._end = clock()
        self.answered: set[tuple[str, str]] = set()

    @classmethod
    def of(cls, seconds: float) -> TimeLimit:
        """A limit that is no invocation's, and ends in so many seconds."""
        limit = cls()
        limit._end += seconds
        return limit

    def begin(self, milliseconds: int) -> None:
        """Begins an invocation that Lambda stops in so many milliseconds."""
        self._end = self._clock() + milliseconds / 1000 - MARGIN_SECONDS
        self.answered = set()

    @contextlib.contextmanager
    def enforced(self) -> Iterator[None]:
        """Interrupts the body when the time is up, whatever it is doing.

        Only the main thread, in which Lambda calls the handler, can be interrupted; elsewhere this does nothing.

        Raises:
            OutOfTimeError: The time was up.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.signal(signal.SIGALRM, self._on_alarm)
        # After the requests' own limits, which say which host it was.
        signal.setitimer(signal.ITIMER_REAL, self.seconds_left + _ALARM_AFTER_SECONDS, _AGAIN_AFTER_SECONDS)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)

    @property
    def seconds_left(self) -> float:
        """Seconds left, never negative."""
        return max(0.0, self._end - self._clock())

    def _on_alarm(self, _: int, __: FrameType | None) -> NoReturn:
        raise OutOfTimeError(answered=self.answered)
