"""Whether an official plugin runs: started as the engine starts it, it must print the port that it listens on."""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import stat
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from pulumi_offline.engine.pins import Version

_LIMIT_SECONDS = 30.0
_ENGINE = "127.0.0.1:9"
"""An address that nothing listens on. A plugin connects to its engine when it has something to say, not before."""
_MOST_PORT = 65535
_LONGEST_LINE = 4096


def why_not(executable: Path) -> str | None:
    """What is wrong with a plugin, as the end of a sentence that begins with its name; None when it runs.

    It is started once for each process and each version of the file.
    """
    try:
        state = executable.stat()
    except OSError as error:
        return f"can't be read: {error.strerror}"
    if not stat.S_ISREG(state.st_mode):
        return "is not a file"
    if not os.access(executable, os.X_OK):
        return "is not executable"
    return _why_not(executable, state.st_mtime_ns, state.st_size)


@functools.cache
def _why_not(executable: Path, _changed: int, _size: int) -> str | None:
    try:
        line, status, complaint = _first_line([str(executable), _ENGINE])
    except OSError as error:
        return f"can't be started: {error.strerror}"
    if line.isascii() and line.isdigit() and int(line) <= _MOST_PORT:
        return None
    if line:
        return f"prints {line[:80]!r} instead of its port"
    if status in {None, -signal.SIGKILL}:
        return f"prints no port within {_LIMIT_SECONDS:.0f} s"
    return f"ends with status {status} instead of printing its port{f': {complaint}' if complaint else ''}"


@functools.cache
def version(executable: Path) -> str | None:
    """The version that it prints (pulumi-terraform-bridge, pkg/tfbridge/main.go, flag `version`); None: it doesn't."""
    try:
        line, _status, _complaint = _first_line([str(executable), "-version"])
        return str(Version.parse(line))
    except (OSError, ValueError):
        return None


def _first_line(command: Sequence[str]) -> tuple[str, int | None, str]:
    """The first line that a program prints, its status if it ended by itself, and the last line of its errors."""
    with tempfile.TemporaryFile() as errors:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, start_new_session=True
        )
        assert child.stdout is not None  # noqa: S101 (it is a pipe)
        # Reading from a pipe has no time limit; a process that is gone ends it.
        alarm = threading.Timer(_LIMIT_SECONDS, os.killpg, (child.pid, signal.SIGKILL))
        alarm.start()
        try:
            line = child.stdout.readline(_LONGEST_LINE).decode(errors="replace").strip()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(timeout=0 if line else 1)
            status = child.returncode
        finally:
            alarm.cancel()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            child.stdout.close()
        errors.seek(0)
        complaints = errors.read(_LONGEST_LINE).decode(errors="replace").strip().splitlines()
    return line, status, complaints[-1] if complaints else ""
