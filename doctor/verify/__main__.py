"""``python -m doctor.verify STACK``: probes every function, waits out propagation, then invokes it if set to.

Exit codes: 0 every probe was answered and no function failed, 1 otherwise, 2 the stack could not be read.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from functools import partial

import boto3
from rich.console import Console

from doctor.expected import Expected, expected_of
from doctor.report import BROKEN, INTERRUPTED, NOT_SEEN, WHOLE
from doctor.stack import Stack, StackError, named_stack, read_stack
from doctor.verify.invoke import Invoker
from doctor.verify.report import Report
from doctor.verify.waiting import LIMIT_SECONDS, Patience, wait_for_success
from keyless_bigquery.runtime import probe
from keyless_bigquery.runtime.printable import as_lines, escape_what_stdout_lacks


def main() -> int:
    """Verifies one stack."""
    parser = argparse.ArgumentParser(
        prog="python -m doctor.verify",
        description="Probe a deployed stack's functions, and wait until the whole chain works.",
    )
    parser.add_argument("stack", nargs="?", help="name of the stack")
    parser.add_argument(
        "--limit", type=float, default=LIMIT_SECONDS, metavar="SECONDS", help="how long to wait for each reader"
    )
    arguments = parser.parse_args()
    escape_what_stdout_lacks()
    patience = Patience(limit_seconds=arguments.limit, time=time)
    try:
        stack = read_stack(named_stack(parser, arguments.stack))
        session = boto3.Session(region_name=stack.settings.aws_region)
        return verify(stack, session, patience, Console(file=sys.stdout, highlight=False))
    except StackError as error:
        sys.stderr.write(f"error: {as_lines(error)}\n")
        return NOT_SEEN
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; nothing needs to be undone\n")
        return INTERRUPTED


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
        return BROKEN
    attempt = None if event is None else invoker.invoke(expected.function, json.loads(event))
    report.passed(attempt)
    return BROKEN if attempt is not None and attempt.failure is not None else WHOLE


if __name__ == "__main__":
    sys.exit(main())
