"""A child process with a log: started, waited for, and ended with everything it started itself."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from federation_emulator.core.loopback import NO_ANSWER, ask
from federation_emulator.expected import ExpectedError
from federation_emulator.library import one_line

_FOLLOW = Path(__file__).with_name("follow.py")
_LAST_LINES = 5
_LONGEST_LINE = 500
_POLL_SECONDS = 0.02

Answer = TypeVar("Answer")


class ProcessError(ExpectedError):
    """A child that did not do what it was started for; the text is one line for the user."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """What to run.

    Args:
        environment: its whole environment; nothing of ours is added.
        log: file that takes its output.
        orphaned_signal: what it gets when we die without ending it (Linux only).
    """

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    folder: Path
    orphaned_signal: signal.Signals = signal.SIGKILL


class Child:
    """A running child, in a process group of its own, so that Ctrl-C reaches us alone and we end it in order.

    Waiting raises :class:`ProcessError` when the child ends first, or time is up.
    """

    def __init__(self, command: Command, process: subprocess.Popen[bytes]) -> None:
        self._command = command
        self._process = process

    @classmethod
    def start(cls, command: Command) -> Child:
        """Start it.

        Raises:
            ProcessError: when the program can't be run.
        """
        command.log.parent.mkdir(parents=True, exist_ok=True)
        program = shutil.which(command.arguments[0], path=command.environment.get("PATH", os.defpath))
        if program is None:
            raise ProcessError(
                f"{command.name} can't be started: {command.arguments[0]}: no such program;"
                " run `make setup`, or install the package again"
            )
        try:
            with command.log.open("wb") as log:
                process = subprocess.Popen(
                    [*_dying_with_us(command.orphaned_signal), program, *command.arguments[1:]],
                    env=dict(command.environment),
                    cwd=command.folder,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
        except OSError as error:
            raise ProcessError(
                f"{command.name} can't be started: {command.arguments[0]}: {error.strerror};"
                " run `make setup`, or install the package again"
            ) from error
        return cls(command, process)

    @property
    def name(self) -> str:
        """What the child is."""
        return self._command.name

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def exit_status(self) -> int | None:
        """Its exit status; None while it runs, negative for a signal."""
        return self._process.poll()

    def failure(self, what: str) -> ProcessError:
        """An error that quotes the last lines of the log."""
        return ProcessError(
            f"{self.name} {what}; the last lines of {self._command.log}: {last_lines(self._command.log) or 'none'}"
        )

    def wait_for_event(self, event: str, *, limit_seconds: float) -> dict[str, Any]:
        """Wait for a log line that is a JSON object with this `event`."""

        def look() -> dict[str, Any] | None:
            for line in self._command.log.read_text(errors="replace").splitlines():
                found = _json_object(line)
                if found.get("event") == event:
                    return found
            return None

        return self._wait(look, what=f"did not say {event!r}", limit_seconds=limit_seconds)

    def wait_for_answer(self, url: str, *, limit_seconds: float) -> None:
        """Wait until a GET of this URL answers 200."""

        def look() -> bool | None:
            try:
                return ask("GET", url, limit_seconds=2.0).good or None
            except NO_ANSWER:
                return None

        self._wait(look, what=f"does not answer at {url}", limit_seconds=limit_seconds)

    def wait_for_file(self, path: Path, *, limit_seconds: float) -> None:
        """Wait until this file is there."""
        self._wait(lambda: path.exists() or None, what=f"did not write {path}", limit_seconds=limit_seconds)

    def _wait(self, look: Callable[[], Answer | None], *, what: str, limit_seconds: float) -> Answer:
        deadline = time.monotonic() + limit_seconds
        while True:
            status = self.exit_status
            found = look()
            if found is not None:
                return found
            if status is not None:
                raise self.failure(f"ended with status {status}")
            if time.monotonic() > deadline:
                raise self.failure(f"{what} within {limit_seconds:.0f} s")
            time.sleep(_POLL_SECONDS)

    def stop(self, *, grace_seconds: float = 5.0) -> None:
        """End it and everything in its process group: asked first, killed after the grace."""
        if self.exit_status is None:
            self._signal(signal.SIGTERM)
            try:
                self._process.wait(grace_seconds)
            except subprocess.TimeoutExpired:
                self._signal(signal.SIGKILL)
                self._process.wait(grace_seconds)
        # What the child started and left behind is in its group still.
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            return


def last_lines(log: Path) -> str:
    """The end of a log, on one line."""
    try:
        lines = log.read_text(errors="replace").split("\n")
    except OSError as error:
        return f"unreadable ({error.strerror})"
    found = [line.strip() for line in lines if line.strip()]
    return " | ".join(one_line(line, _LONGEST_LINE) for line in found[-_LAST_LINES:])


def family(pid: int) -> list[int]:
    """A process and all that descend from it, as the system reports at this moment. Linux only."""
    found, waiting = [], [pid]
    while waiting:
        found.append(waiting.pop())
        for listed in Path(f"/proc/{found[-1]}/task").glob("*/children"):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it ended meanwhile
                waiting += map(int, listed.read_text().split())
    return found


def command_line(pid: int) -> str:
    """What a process was started as; empty if it has ended. Linux only."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ").strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _json_object(line: str) -> dict[str, Any]:
    if not line.startswith("{"):
        return {}
    try:
        found = json.loads(line)
    except json.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _dying_with_us(number: signal.Signals) -> list[str]:
    """What starts a program so that the system signals it when we die, even of SIGKILL.

    The system goes by the thread that starts the child, so this holds for the main thread only.
    """
    if sys.platform != "linux" or threading.current_thread() is not threading.main_thread():
        return []
    # Neither site packages nor the environment: it must start as fast as it can, and read no settings.
    return [sys.executable, "-I", "-S", str(_FOLLOW), str(int(number)), str(os.getpid())]
