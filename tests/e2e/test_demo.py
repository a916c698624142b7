"""``make demo`` as a person runs it, and the proof that its checks can fail."""

from __future__ import annotations

import io
import itertools
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping

import httpx
import pytest
from pulumi.automation import OpType
from rich.console import Console

from infra.program import ROOT
from local_cloud.demo import story
from local_cloud.demo.report import Report
from local_cloud.stage import Stage
from tests.e2e import no_route


@pytest.fixture(scope="module")
def route_taken_away() -> bool:
    """Whether the demo can be run where nothing but loopback is reachable."""
    return no_route.is_possible()


@pytest.mark.timeout(450)
def test_the_demo_shows_every_allow_and_refusal_and_ends_with_exit_code_0(route_taken_away: bool) -> None:
    demo = [sys.executable, "-m", "local_cloud", "demo"]
    finished = subprocess.run(
        no_route.without_route(demo) if route_taken_away else demo,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    told = finished.stdout
    assert told.count("user_id=2, name=Bob") == 2
    assert "refused at token exchange" in told
    assert "refused at impersonation" in told
    assert "nothing is left in either cloud" in told
    for part in ("caller ARN", "attributes", "condition", "principal", "token", "permission"):
        assert part in told


def test_the_demo_above_ran_with_no_route_out_of_the_machine(route_taken_away: bool) -> None:
    if not route_taken_away:
        pytest.skip("this host does not let one make a network namespace: the demo ran with its routes")
    connect = "import socket; socket.create_connection(('{}', 9), timeout=5)"
    for address, error in (("192.0.2.1", "Network is unreachable"), ("127.0.0.1", "Connection refused")):
        tried = no_route.without_route([sys.executable, "-c", connect.format(address)])
        told = subprocess.run(tried, capture_output=True, text=True, timeout=20, check=False).stderr
        assert error in told, f"{address}: {told}"


class _BindingThatStays(Stage):
    """A stage on which the demo's second refusal can't happen."""

    def __init__(self, stage: Stage) -> None:
        self.__dict__.update(vars(stage))

    def remove_binding(self) -> None:
        pass

    def up(self, *, refresh: bool = False) -> Mapping[OpType, int]:
        return {OpType.SAME: 1, OpType.UPDATE: 1} if refresh else super().up()


def test_a_demo_in_which_the_refusal_does_not_happen_fails(stage: Stage) -> None:
    printed = io.StringIO()
    report = Report(Console(file=printed, width=160))
    story._refuse_without_binding(report, _BindingThatStays(stage))
    assert "NOT AS EXPECTED: the right role without the binding is refused" in printed.getvalue()
    assert not report.finish()


# A shell that runs the tests in the background has told all its children to ignore Ctrl-C.
_DEMO = (
    "import runpy, signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "sys.argv = ['local_cloud', 'demo']; runpy.run_module('local_cloud', run_name='__main__')"
)


def stop_in_the_middle(how: signal.Signals) -> tuple[int, list[str]]:
    """Starts a demo and sends it a signal once its clouds are up. Returns its exit status and what it printed."""
    demo = subprocess.Popen(
        [sys.executable, "-u", "-c", _DEMO],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    with demo:
        assert demo.stdout is not None
        told = list(itertools.takewhile(lambda line: "pulumi preview" not in line, demo.stdout))
        if how is signal.SIGKILL:
            demo.kill()
        else:
            os.killpg(demo.pid, how)
        told += demo.stdout.readlines()
        return demo.wait(timeout=30), told


def assert_no_server_is_left(told: list[str]) -> None:
    servers = [found for line in told for found in re.findall(r"http://127\.0\.0\.1:\d+", line)]
    assert len(servers) == 2
    deadline = time.monotonic() + 20
    while any(answers(server) for server in servers):
        assert time.monotonic() < deadline, f"one of {servers} still answers"


def answers(server: str) -> bool:
    """Whether anything listens there. One that is just ending may drop the connection before it refuses the next."""
    try:
        httpx.get(server, timeout=5)
    except httpx.ConnectError:
        return False
    except httpx.TransportError:
        return True
    return True


def test_an_interrupted_demo_says_so_in_one_line_and_leaves_no_server() -> None:
    status, told = stop_in_the_middle(signal.SIGINT)
    assert status == story.INTERRUPTED
    assert "interrupted; everything that was started has ended" in told[-1]
    assert not [line for line in told if "Traceback" in line or "Exception" in line]
    assert_no_server_is_left(told)


def test_a_killed_demo_leaves_no_server() -> None:
    status, told = stop_in_the_middle(signal.SIGKILL)
    assert status == -signal.SIGKILL
    assert_no_server_is_left(told)
