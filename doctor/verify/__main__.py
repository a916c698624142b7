"""``python -m doctor.verify STACK``: invokes every reader's function, waits out propagation, prints the rows.

Exit codes: 0 every reader read its rows, 1 one did not, 2 the stack could not be read.
"""

from __future__ import annotations

import argparse
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
from doctor.verify.waiting import LIMIT_SECONDS, Patience, wait_for_rows
from keyless_bigquery.runtime.printable import as_lines


def main() -> int:
    """Verifies one stack."""
    parser = argparse.ArgumentParser(
        prog="python -m doctor.verify", description="Invoke a deployed stack's functions, and wait until they read."
    )
    parser.add_argument("stack", nargs="?", help="name of the stack")
    parser.add_argument(
        "--limit", type=float, default=LIMIT_SECONDS, metavar="SECONDS", help="how long to wait for each reader"
    )
    arguments = parser.parse_args()
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
    longest = max(reader.timeout_seconds for reader in stack.settings.readers)
    invoker = Invoker(session, endpoint=stack.settings.aws_endpoint, timeout_seconds=longest)
    return max(_read(expected, invoker, patience, Report(console, stack.name)) for expected in expected_of(stack))


def _read(expected: Expected, invoker: Invoker, patience: Patience, report: Report) -> int:
    report.begin(expected.reader, expected.function)
    outcome = wait_for_rows(partial(invoker.invoke, expected.function), patience, report.wait)
    report.finish(outcome, expected.table)
    return WHOLE if outcome.attempt.failure is None else BROKEN


if __name__ == "__main__":
    sys.exit(main())
