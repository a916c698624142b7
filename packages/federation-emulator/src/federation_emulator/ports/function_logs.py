"""Keeps a function's log whole: what it writes before its answer is in the log of that invocation.

ministack 1.5 takes the log for whole 5 milliseconds after a line, so that on a busy machine the rest came with the next
invocation. A pipe says how much is still in it, and an ended process how much will come.
Source: AWS Lambda API reference, Invoke: `LogType`, `LogResult`.
"""

from __future__ import annotations

import fcntl
import importlib
import struct
import termios
import time
from collections.abc import Callable
from typing import Any

_LIMIT_SECONDS = 1.0
_PAUSE_SECONDS = 0.001
_QUIET_PAUSES = 5
"""So often the thread that reads the pipe had its turn, and had nothing to add."""


def serve() -> None:
    """From now on, for each invocation."""
    worker: Any = importlib.import_module("ministack.core.lambda_runtime").Worker
    take: Callable[[Any], str] = worker._drain_stderr

    def whole(worker: Any, **_limits: float) -> str:  # noqa: ANN401 (ministack's own type)
        wait_until_read(worker)
        return take(worker)

    worker._drain_stderr = worker._drain_stderr_bounded = whole


def wait_until_read(worker: Any) -> None:  # noqa: ANN401 (ministack's own type)
    """Wait until all is read that the function wrote until now; a second at most."""
    until = time.monotonic() + _LIMIT_SECONDS
    if worker._proc is None:
        # It has ended, and the thread ends with what it wrote.
        if worker._stderr_thread is not None:
            worker._stderr_thread.join(_LIMIT_SECONDS)
        return
    pipe = worker._proc.stderr or worker._proc.stdout
    read, quiet = -1, 0
    while quiet < _QUIET_PAUSES and time.monotonic() < until:
        before, read = read, worker._stderr_queue.qsize()
        quiet = quiet + 1 if read == before and not _bytes_in(pipe) else 0
        time.sleep(_PAUSE_SECONDS)


def _bytes_in(pipe: Any) -> int:  # noqa: ANN401 (a pipe, of text or of bytes)
    (left,) = struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, b"\0" * 4))
    return int(left)
