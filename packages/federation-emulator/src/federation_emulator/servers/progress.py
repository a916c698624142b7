"""What set-up prints while it works: one line for each step, with the seconds it has taken so far."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from federation_emulator.library import one_line


@dataclass(kw_only=True)
class Progress:
    """Writes to standard error, since standard output belongs to the result.

    Args:
        stream: where to write.
        every_seconds: how often a long step is mentioned again.
    """

    stream: TextIO = field(default_factory=lambda: sys.stderr)
    every_seconds: float = 15.0
    started: float = field(default_factory=time.monotonic)

    def say(self, text: str) -> None:
        """One line, with the seconds since the start."""
        self.stream.write(f"[{time.monotonic() - self.started:5.1f} s] {one_line(text)}\n")
        self.stream.flush()

    def run(
        self,
        command: Sequence[str],
        *,
        what: str,
        limit_seconds: float,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end and mention it while it runs.

        ``what`` it does is said in a few words. Without an environment it gets ours. It is killed at the limit.

        Raises:
            subprocess.TimeoutExpired: when the time is up.
            FileNotFoundError: when there is no such program.
        """
        self.say(f"{what} …")
        begun = time.monotonic()
        with subprocess.Popen(
            command, env=environment, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as child:
            try:
                output = self._until_end(child, what, begun + limit_seconds)
            except BaseException:
                child.kill()
                raise
        if child.returncode == 0:
            self.say(f"{what}: done in {time.monotonic() - begun:.1f} s")
        return subprocess.CompletedProcess(command, child.returncode, stdout=output, stderr="")

    def _until_end(self, child: subprocess.Popen[str], what: str, deadline: float) -> str:
        while True:
            left = deadline - time.monotonic()
            try:
                return child.communicate(timeout=max(0.0, min(self.every_seconds, left)))[0]
            except subprocess.TimeoutExpired:
                if time.monotonic() >= deadline:
                    raise
                self.say(f"{what}: still at it")
