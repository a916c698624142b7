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

from federation_emulator.core.trace import Decision, Link
from keyless_bigquery.components.program import ROOT
from pulumi_offline.demo import scenario
from pulumi_offline.demo.report import Report
from pulumi_offline.stack_harness import Invocation, StackHarness
from tests.e2e import no_route
from tests.runtime.conftest import FUNCTIONS


@pytest.fixture(scope="module")
def route_taken_away() -> bool:
    """Whether the demo can be run where nothing but loopback is reachable."""
    return no_route.is_possible()


@pytest.mark.timeout(450)
def test_the_demo_shows_every_allow_and_refusal_and_ends_with_exit_code_0(route_taken_away: bool) -> None:
    demo = [sys.executable, "-m", "keyless_tools", "demo"]
    finished = subprocess.run(
        no_route.without_route(demo) if route_taken_away else demo,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "80", "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    shown = finished.stdout
    for check in (
        *(r"the function succeeds( again)? +success", "another role is refused +refused at token exchange"),
        *("the role without its binding is refused +refused at impersonation", "nothing is left in either cloud"),
    ):
        assert re.search(f"^ok +{check}", shown, re.MULTILINE), check
    assert shown.count("REFUSED") == 2, "each refusal once, whatever the function asks again"
    for part in ("caller ARN", "attributes", "condition", "principal", "permission", "expected"):
        assert part in shown
    # The table is seen together with the whole run.
    assert len(shown.splitlines()) <= 70
    assert shown.splitlines()[-1].strip() == "state and logs of this run are deleted"


def test_the_demo_above_ran_with_no_route_out_of_the_machine(route_taken_away: bool) -> None:
    if not route_taken_away:
        pytest.skip("this host does not let one make a network namespace: the demo ran with its routes")
    connect = "import socket; socket.create_connection(('{}', 9), timeout=5)"
    for address, error in (("192.0.2.1", "Network is unreachable"), ("127.0.0.1", "Connection refused")):
        tried = no_route.without_route([sys.executable, "-c", connect.format(address)])
        errors = subprocess.run(tried, capture_output=True, text=True, timeout=20, check=False).stderr
        assert error in errors, f"{address}: {errors}"


class _BindingThatStays(StackHarness):
    """A stack on which the demo's second refusal can't happen."""

    def __init__(self, harness: StackHarness) -> None:
        self.__dict__.update(vars(harness))

    def remove_binding(self) -> None:
        pass

    def up(self, *, refresh: bool = False) -> Mapping[OpType, int]:
        return {OpType.SAME: 1, OpType.UPDATE: 1} if refresh else super().up()


def test_a_demo_in_which_the_refusal_does_not_happen_fails(harness: StackHarness) -> None:
    printed = io.StringIO()
    report = Report(Console(file=printed, width=160))
    scenario._refuse_without_binding(report, _BindingThatStays(harness), {})
    assert (
        "NOT AS EXPECTED: the role without its binding is refused: expected refused at impersonation, actual success"
        in printed.getvalue()
    )
    assert not report.finish()


def ended(*, failed: bool, error: str = "", decisions: tuple[Decision, ...] = ()) -> Invocation:
    kind, _, text = error.rpartition("|")
    return Invocation(returned={"errorType": kind, "errorMessage": text}, failed=failed, log="", decisions=decisions)


ALLOWED, REFUSED = (
    Decision(id="1", time="t", link=Link.TOKEN_EXCHANGE, allowed=allowed, resource="r", principal="p", steps=())
    for allowed in (True, False)
)


@pytest.mark.parametrize(
    ("invocation", "outcome"),
    [
        (ended(failed=False, decisions=(ALLOWED,)), "success"),
        (ended(failed=False, decisions=(REFUSED,)), "refused at token exchange, and the function returned"),
        (ended(failed=True, error="KeyError|'least'"), "failed before any decision: KeyError: 'least'"),
        (
            ended(failed=True, error="KeyError|'least'", decisions=(ALLOWED,)),
            "failed without a refusal: KeyError: 'least'",
        ),
        (
            ended(failed=True, error="TokenExchangeError|token exchange failed: x", decisions=(ALLOWED, REFUSED)),
            "refused at token exchange",
        ),
        (
            ended(failed=True, error="RuntimeError|no report", decisions=(REFUSED,)),
            "refused at token exchange, and the function raised RuntimeError: no report",
        ),
    ],
)
def test_a_run_that_was_not_refused_is_not_called_allowed(invocation: Invocation, outcome: str) -> None:
    assert scenario.outcome_of(invocation) == outcome


def test_a_run_that_fails_before_any_decision_is_no_refusal() -> None:
    report = Report(Console(file=io.StringIO(), width=160))
    scenario._expect_refusal(
        report, "a refusal", ended(failed=True, error="KeyError|'least'"), link=Link.TOKEN_EXCHANGE
    )
    assert not report.finish()
    (check,) = report.checks
    assert check.actual == "failed before any decision: KeyError: 'least'"


def test_a_function_that_catches_a_refusal_has_not_succeeded() -> None:
    report = Report(Console(file=io.StringIO(), width=160))
    assert not scenario._expect_success(report, "a success", ended(failed=False, decisions=(REFUSED,)))
    assert not report.finish()
    assert scenario._expect_success(report, "a success", ended(failed=False, decisions=(ALLOWED,)))


def test_only_of_the_function_that_ships_it_is_known_what_it_prints() -> None:
    shipped = (FUNCTIONS / "rows" / "handler.py").read_bytes()
    assert scenario.is_shipped(shipped)
    assert not scenario.is_shipped(shipped + b"\n")


# A shell that runs the tests in the background has all its children ignore Ctrl-C.
_DEMO = (
    "import runpy, signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "sys.argv = ['keyless', 'demo']; runpy.run_module('keyless_tools', run_name='__main__')"
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
        printed = list(itertools.takewhile(lambda line: "pulumi preview" not in line, demo.stdout))
        if how is signal.SIGKILL:
            demo.kill()
        else:
            os.killpg(demo.pid, how)
        printed += demo.stdout.readlines()
        return demo.wait(timeout=30), printed


def assert_no_server_is_left(printed: list[str]) -> None:
    servers = [found for line in printed for found in re.findall(r"http://127\.0\.0\.1:\d+", line)]
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
    status, printed = stop_in_the_middle(signal.SIGINT)
    assert status == scenario.INTERRUPTED
    assert "interrupted; everything that was started has ended" in printed[-1]
    assert not [line for line in printed if "Traceback" in line or "Exception" in line]
    assert_no_server_is_left(printed)


@pytest.mark.soak
def test_a_killed_demo_leaves_no_server() -> None:
    status, printed = stop_in_the_middle(signal.SIGKILL)
    assert status == -signal.SIGKILL
    assert_no_server_is_left(printed)
