"""A child is waited for, explained when it fails, and ended with all that it started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from federation_emulator.servers.process import Child, Command, ProcessError
from tests.emulator.processes.conftest import alive, eventually

Make = Callable[[str], Command]
_FOR_EVER = "import time\nwhile True: time.sleep(60)"


def test_an_event_in_the_log_is_read(command: Make) -> None:
    text = 'print(\'noise\'); print(\'{"event": "listening", "port": 7}\', flush=True)\n' + _FOR_EVER
    child = Child.start(command(text))
    try:
        assert child.wait_for_event("listening", limit_seconds=10)["port"] == 7
    finally:
        child.stop()
    assert not alive(child.pid)


def test_a_child_that_ends_at_once_is_reported_with_its_last_words_on_one_line(command: Make) -> None:
    child = Child.start(command("import sys; print('first', flush=True); sys.exit('the port is taken')"))
    with pytest.raises(ProcessError, match=r"the child ended with status 1; .*first \| the port is taken") as failed:
        child.wait_for_event("listening", limit_seconds=10)
    assert "\n" not in str(failed.value)


def test_a_child_that_never_gets_ready_is_reported_when_the_time_is_up(command: Make) -> None:
    child = Child.start(command(_FOR_EVER))
    try:
        with pytest.raises(ProcessError, match=r"does not answer at http://127\.0\.0\.1:9/ within 0 s"):
            child.wait_for_answer("http://127.0.0.1:9/", limit_seconds=0.2)
    finally:
        child.stop()


def test_a_program_that_is_not_there_is_reported(command: Make, tmp_path: Path) -> None:
    absent = replace(command(""), arguments=[str(tmp_path / "absent")])
    with pytest.raises(ProcessError, match=r"can't be started: .*absent: no such program; run `make setup`"):
        Child.start(absent)


def test_stop_ends_what_the_child_started_and_a_child_that_does_not_listen(command: Make) -> None:
    text = (
        "import json, signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "inner = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print(json.dumps({'event': 'started', 'pid': inner.pid}), flush=True)\n"
        "time.sleep(600)\n"
    )
    child = Child.start(command(text))
    inner = child.wait_for_event("started", limit_seconds=10)["pid"]
    assert alive(inner)
    child.stop(grace_seconds=0.3)
    assert not alive(child.pid)
    assert eventually(lambda: not alive(inner))


def test_the_child_sees_nothing_of_our_environment(command: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", "secret")
    text = "import json, os; print(json.dumps({'event': 'seen', 'names': sorted(os.environ)}), flush=True)"
    child = Child.start(command(text))
    seen = child.wait_for_event("seen", limit_seconds=10)["names"]
    assert eventually(lambda: child.exit_status == 0)
    assert [name for name in seen if name not in {"PATH", "LC_CTYPE"}] == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux signals the children of a killed process")
def test_a_child_dies_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    text = (
        "import sys, time\nfrom pathlib import Path\nfrom federation_emulator.servers.process import Child, Command\n"
        f"child = Child.start(Command(name='c', arguments=[sys.executable, '-c', {_FOR_EVER!r}], environment={{}},"
        f" log=Path({str(tmp_path)!r}, 'log'), folder=Path({str(tmp_path)!r})))\n"
        "print(child.pid, flush=True)\ntime.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert alive(pid)
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait(10)
        assert eventually(lambda: not alive(pid))
