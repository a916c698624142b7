"""Verify and invoke on a deployed stack: what is late is waited for, and the function gets its own event."""

from __future__ import annotations

import dataclasses
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
import pytest
from rich.console import Console

from keyless_tools.doctor.report import FAILED, PASSED
from keyless_tools.doctor.stack import Stack
from keyless_tools.doctor.verify.run import verify
from keyless_tools.doctor.verify.waiting import RetryPolicy, Time
from pulumi_offline.stack_harness import STACK, StackHarness
from tests.doctor import breaks, changes
from tests.doctor.breaks import Break
from tests.doctor.users import CloudTime
from tests.living.commands import keyless


def verified(stack: Stack, session: boto3.Session, time: Time, *, limit: float) -> tuple[int, str]:
    printed = io.StringIO()
    code = verify(stack, session, RetryPolicy(limit_seconds=limit, time=time), Console(file=printed))
    return code, printed.getvalue()


@contextmanager
def a_grant_that_is_seen_late(stage: StackHarness, change: Break, seconds: float) -> Iterator[None]:
    """Takes a grant away, and gives it back so that it is seen late; the function is cold."""
    stage.forget_tokens()
    with change(stage):
        stage.google("POST", "/_local/faults", {"iamDelaySeconds": seconds})
    yield
    stage.google("POST", "/_local/faults", {})


def test_verify_waits_out_a_grant_that_is_seen_20_seconds_late(
    stage: StackHarness, stack: Stack, session: boto3.Session
) -> None:
    with a_grant_that_is_seen_late(stage, breaks.no_binding, 20):
        code, printed = verified(stack, session, CloudTime(stage), limit=600)
    assert code == PASSED, printed
    assert "try 1: impersonation refused, which may pass; again in" in printed
    assert printed.count("Permission 'iam.serviceAccounts.getAccessToken' denied") == 1
    assert printed.endswith("all checks passed\n")
    assert 20 <= propagation(printed) <= 45


def propagation(printed: str) -> float:
    return float(printed.partition("propagation took ")[2].partition(" s")[0])


@pytest.mark.soak
def test_verify_waits_out_20_seconds_in_real_time(stage: StackHarness) -> None:
    with a_grant_that_is_seen_late(stage, breaks.no_job_user, 20):
        done = keyless(stage, "verify", STACK, "--limit", "100")
    assert done.status == PASSED, done.output
    assert "job creation refused, which may pass" in done.output
    assert 15 <= propagation(done.output) <= 60


def test_verify_gives_up_at_the_limit_with_the_last_error_and_a_hint(
    stage: StackHarness, stack: Stack, session: boto3.Session
) -> None:
    stage.forget_tokens()
    with breaks.no_data_viewer(stage):
        code, printed = verified(stack, session, CloudTime(stage), limit=1)
    assert code == FAILED
    gave_up = r"gave up after \d+\.\d s and [12] tr(y|ies): table access failed: BigQuery answered 403"
    assert re.search(gave_up, printed), printed
    assert "`keyless doctor local` names the failed link" in printed


def test_verify_does_not_wait_for_what_is_not_transient(
    stage: StackHarness, stack: Stack, session: boto3.Session
) -> None:
    with breaks.a_variable_that_is_not_set(stage):
        code, printed = verified(stack, session, CloudTime(stage), limit=600)
    assert code == FAILED
    assert "not transient, so not tried again: configuration failed: environment" in printed
    assert "try 1" not in printed


def test_verify_ends_at_once_where_there_is_nothing_to_wait_for(stage: StackHarness) -> None:
    done = keyless(stage, "verify", STACK, "--limit", "60")
    assert done.status == PASSED, done.output
    answered, passed = done.output.splitlines()[-2:]
    assert answered.endswith("nothing to wait for")
    assert passed.strip() == "all checks passed"


def with_event(stack: Stack, event: str) -> Stack:
    readers = tuple(dataclasses.replace(reader, verify_event=event) for reader in stack.settings.readers)
    return dataclasses.replace(stack, settings=dataclasses.replace(stack.settings, readers=readers))


NEEDS_ITS_EVENT = """
def lambda_handler(event, context):
    print("called with", event)
    return {"found": event["least"] + 1}
"""


def test_a_function_that_needs_its_event_is_invoked_once_with_it_after_the_probe(
    stage: StackHarness, stack: Stack, session: boto3.Session, tmp_path: Path
) -> None:
    with changes.handler(stage, NEEDS_ITS_EVENT):
        without, given, missing = (
            verified(chosen, session, CloudTime(stage), limit=60)
            for chosen in (stack, with_event(stack, '{"least": 2}'), with_event(stack, "{}"))
        )
        invoked = {}
        for name, text in (("good", '{"least": 2}'), ("bad", "{}")):
            (tmp_path / name).write_text(text)
            invoked[name] = keyless(stage, "invoke", STACK, str(tmp_path / name))
        strange = keyless(stage, "invoke", STACK, str(tmp_path / "good"), "--reader", "other")
    assert (without[0], given[0], missing[0]) == (PASSED, PASSED, FAILED)
    assert without[1].endswith("all checks passed\n")
    assert given[1].endswith('all checks passed; your function returned {"found": 3}\n')
    assert missing[1].endswith("all checks passed; your function raised KeyError: 'least'\n")
    assert [done.status for done in (*invoked.values(), strange)] == [0, 1, 2]
    assert "called with {'least': 2}" in invoked["good"].output
    assert invoked["good"].output.endswith('your function returned:\n{"found": 3}\n')
    assert "called with {}" in invoked["bad"].output
    assert invoked["bad"].output.endswith("your function raised KeyError: 'least'\n")
    assert strange.errors == "error: the stack has no reader 'other'; name one with --reader: reader\n"


def test_a_function_that_does_not_know_the_probe_is_to_be_deployed_first(
    stage: StackHarness, stack: Stack, session: boto3.Session
) -> None:
    older = {"keyless_bigquery/runtime/entry.py": "def lambda_handler(event, context): return event\n"}
    with changes.package(stage, older):
        code, printed = verified(with_event(stack, "{}"), session, CloudTime(stage), limit=60)
    assert code == FAILED
    assert printed.endswith("the deployed function does not know the probe: run `pulumi up --stack local` first\n")
