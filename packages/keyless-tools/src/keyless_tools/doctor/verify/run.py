"""Probes every function, waits out propagation, then invokes it if set to."""

from __future__ import annotations

import json
import sys
import time
from functools import partial

import boto3
from rich.console import Console

from keyless_bigquery.runtime import probe
from keyless_tools.doctor.expected import Expected, expected_of
from keyless_tools.doctor.report import FAILED, NOT_SEEN, PASSED
from keyless_tools.doctor.stack import Stack, read_stack
from keyless_tools.doctor.verify.invoke import Invoke, invoker_of
from keyless_tools.doctor.verify.report import Report
from keyless_tools.doctor.verify.waiting import RetryPolicy, wait_for_success


def run(stack: str, *, limit_seconds: float) -> int:
    """Verifies one stack; 0: every probe was answered and no function failed, 1: one failed, 2: not all was tried.

    Args:
        stack: The stack's name.
        limit_seconds: How long to wait for each reader.

    Raises:
        StackError: The stack can't be read.
    """
    read = read_stack(stack)
    session = boto3.Session(region_name=read.settings.aws_region)
    policy = RetryPolicy(limit_seconds=limit_seconds, time=time)
    return verify(read, session, policy, Console(file=sys.stdout, highlight=False))


def verify(stack: Stack, session: boto3.Session, policy: RetryPolicy, console: Console) -> int:
    """Verifies every reader of a stack, one after another. Returns the exit code.

    Raises:
        StackError: It was not deployed to its end.
    """
    invoke = invoker_of(stack, session)
    events = {reader.label: reader.verify_event for reader in stack.settings.readers}
    codes = {
        _verify(expected, events[expected.reader], invoke, policy, Report(console, stack.name))
        for expected in expected_of(stack)
    }
    return next(code for code in (FAILED, NOT_SEEN, PASSED) if code in codes)


def _verify(expected: Expected, event: str | None, invoke: Invoke, policy: RetryPolicy, report: Report) -> int:
    report.begin(expected.reader, expected.function)
    outcome = wait_for_success(partial(invoke, expected.function, probe.EVENT), policy, report.wait)
    report.finish(outcome)
    if not outcome.attempt.probed:
        return FAILED
    if event is None and outcome.attempt.filtered:
        report.not_tried(outcome.attempt.filtered)
        return NOT_SEEN
    attempt = None if event is None else invoke(expected.function, json.loads(event))
    report.passed(attempt)
    return FAILED if attempt is not None and attempt.failure is not None else PASSED
