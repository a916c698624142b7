"""A function's log has all that it wrote before it answered, however late the machine is in reading it."""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from federation_emulator.ports.function_logs import wait_until_read

LINES = [f"row {number}" for number in range(50)]
PROGRAM = f"""
import sys
for line in {LINES!r}: print(line, file=sys.stderr)
print("answered", flush=True)
sys.stdin.read()
"""


@dataclass
class Worker:
    """What ministack keeps of a function's process."""

    _proc: Any
    _stderr_thread: threading.Thread | None = None
    _stderr_queue: queue.Queue[str] = field(default_factory=queue.Queue)

    def read(self, process: subprocess.Popen[str], *, pause: float) -> None:
        def run() -> None:
            assert process.stderr
            for line in process.stderr:
                self._stderr_queue.put(line.rstrip("\n"))
                time.sleep(pause)

        self._stderr_thread = threading.Thread(target=run)
        self._stderr_thread.start()


@pytest.fixture
def answered() -> Iterator[subprocess.Popen[str]]:
    """A process that has answered, and whose log is still in the pipe."""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdin
        assert process.stdout
        assert process.stdout.readline() == "answered\n"
        yield process
        process.stdin.close()


def test_the_log_of_a_function_that_goes_on_is_waited_for(answered: subprocess.Popen[str]) -> None:
    worker = Worker(answered)
    # Longer between two lines than after which ministack takes the log for whole.
    threading.Timer(0.05, lambda: worker.read(answered, pause=0)).start()
    wait_until_read(worker)
    assert list(worker._stderr_queue.queue) == LINES


def test_the_log_of_a_function_that_ended_is_waited_for(answered: subprocess.Popen[str]) -> None:
    worker = Worker(None)
    worker.read(answered, pause=0.002)
    assert answered.stdin
    answered.stdin.close()
    wait_until_read(worker)
    assert list(worker._stderr_queue.queue) == LINES


def test_a_function_that_never_stops_writing_costs_a_second() -> None:
    endless = "while True: print('x' * 100)"
    with subprocess.Popen([sys.executable, "-c", endless], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline()
        began = time.monotonic()
        wait_until_read(Worker(process))
        assert 0.9 < time.monotonic() - began < 5
        process.kill()
