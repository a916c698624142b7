"""Invokes a reader's function with an event, and prints its log and its result."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import boto3

from keyless_bigquery.attempt import Attempt
from keyless_bigquery.runtime.printable import as_lines, one_line
from keyless_tools.doctor.expected import Expected, expected_of
from keyless_tools.doctor.report import FAILED, NOT_SEEN, PASSED
from keyless_tools.doctor.stack import StackError, read_stack
from keyless_tools.doctor.verify.invoke import invoker_of
from keyless_tools.doctor.verify.report import outcome_of


def run(stack: str, event: object, *, reader: str | None) -> int:
    """Invokes a reader's function, or that of the only one; 0: it returned, 1: it failed, 2: it was not invoked.

    Raises:
        StackError: The stack can't be read, or has no such reader.
    """
    read = read_stack(stack)
    session = boto3.Session(region_name=read.settings.aws_region)
    function = chosen(expected_of(read), reader).function
    return report(invoker_of(read, session)(function, event))


def chosen(readers: Sequence[Expected], name: str | None) -> Expected:
    """The reader of that name, or the only one.

    Raises:
        StackError: There is none of that name, or no name and several readers.
    """
    found = [reader for reader in readers if name in {None, reader.reader}]
    if len(found) == 1:
        return found[0]
    problem = "the stack has several readers" if name is None else f"the stack has no reader {name!r}"
    raise StackError(f"{problem}; name one with --reader: {', '.join(reader.reader for reader in readers)}")


def report(attempt: Attempt) -> int:
    """Prints how an invocation ended. Returns the exit code."""
    if attempt.log:
        sys.stdout.write(f"the function's log:\n{as_lines(attempt.log.rstrip())}\n\n")
    failure = attempt.failure
    if failure is None:
        sys.stdout.write(f"your function returned:\n{one_line(attempt.payload)}\n")
        return PASSED
    sys.stdout.write(f"{one_line(outcome_of(failure))}\n")
    return FAILED if failure.ran else NOT_SEEN
