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
from keyless_tools.doctor.report import FAILED, PASSED
from keyless_tools.doctor.stack import Stack, read_stack
from keyless_tools.doctor.verify.invoke import Invoker
from keyless_tools.doctor.verify.report import Report
from keyless_tools.doctor.verify.waiting import Patience, wait_for_success


def run(stack: str, *, limit_seconds: float) -> int:
    """Verifies one stack.

    Args:
        stack: The stack's name.
        limit_seconds: How long to wait for each reader.

    Returns:
        0 every probe was answered and no function failed, 1 otherwise.

    Raises:
        StackError: The stack can't be read.
    """
    read = read_stack(stack)
    session = boto3.Session(region_name=read.settings.aws_region)
    patience = Patience(limit_seconds=limit_seconds, time=time)
    return verify(read, session, patience, Console(file=sys.stdout, highlight=False))


def verify(stack: Stack, session: boto3.Session, patience: Patience, console: Console) -> int:
    """Verifies every reader of a stack, one after another. Returns the exit code.

    Args:
        stack: What the engine knows of it.
        session: Whose rights count.
        patience: How to wait for each.
        console: Where to print.

    Raises:
        StackError: It was not deployed to its end.
    """
    invoker = invoker_of(stack, session)
    events = {reader.label: reader.verify_event for reader in stack.settings.readers}
    return max(
        _verify(expected, events[expected.reader], invoker, patience, Report(console, stack.name))
        for expected in expected_of(stack)
    )


def invoker_of(stack: Stack, session: boto3.Session) -> Invoker:
    """What invokes the functions of a stack."""
    longest = max(reader.timeout_seconds for reader in stack.settings.readers)
    return Invoker(session, endpoint=stack.settings.aws_endpoint, timeout_seconds=longest)


def _verify(expected: Expected, event: str | None, invoker: Invoker, patience: Patience, report: Report) -> int:
    report.begin(expected.reader, expected.function)
    outcome = wait_for_success(partial(invoker.invoke, expected.function, probe.EVENT), patience, report.wait)
    report.finish(outcome)
    if not outcome.attempt.probed:
        return FAILED
    attempt = None if event is None else invoker.invoke(expected.function, json.loads(event))
    report.passed(attempt)
    return FAILED if attempt is not None and attempt.failure is not None else PASSED
