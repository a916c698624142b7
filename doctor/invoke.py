"""``python -m doctor.invoke STACK [EVENT]``: invokes a reader's function with an event, prints its log and its result.

Exit codes: 0 the function returned, 1 it failed, 2 it was not invoked.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import boto3

from doctor.expected import Expected, expected_of
from doctor.report import BROKEN, INTERRUPTED, NOT_SEEN, WHOLE
from doctor.stack import StackError, named_stack, read_stack
from doctor.verify.__main__ import invoker_of
from doctor.verify.attempt import Attempt
from doctor.verify.report import outcome_of
from keyless_bigquery.runtime.printable import as_lines, escape_what_stdout_lacks, one_line

EXAMPLE = Path(__file__).parents[1] / "lambda_src" / "example_event.json"
"""The event where none is named."""


class EventError(Exception):
    """The event can't be used. The message names the file and says why."""


def main() -> int:
    """Invokes one function."""
    parser = argparse.ArgumentParser(prog="python -m doctor.invoke", description="Invoke a deployed function once.")
    parser.add_argument("stack", nargs="?", help="name of the stack")
    parser.add_argument("event", nargs="?", type=Path, default=EXAMPLE, help="file with the event, as JSON")
    parser.add_argument("--reader", help="whose function, where there are several")
    arguments = parser.parse_args()
    escape_what_stdout_lacks()
    try:
        event = read_event(arguments.event)
        stack = read_stack(named_stack(parser, arguments.stack))
        session = boto3.Session(region_name=stack.settings.aws_region)
        function = chosen(expected_of(stack), arguments.reader).function
        return report(invoker_of(stack, session).invoke(function, event))
    except (StackError, EventError) as error:
        sys.stderr.write(f"error: {as_lines(error)}\n")
        return NOT_SEEN
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; the function may still run\n")
        return INTERRUPTED


def read_event(file: Path) -> object:
    """The event in a file.

    Raises:
        EventError: It can't be read, or is not JSON.
    """
    try:
        return json.loads(file.read_bytes())
    except OSError as error:
        raise EventError(f"the event {str(file)!r} can't be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise EventError(f"the event {str(file)!r} is not JSON: {error}") from error


def chosen(readers: Sequence[Expected], name: str | None) -> Expected:
    """The reader of that name, or the only one.

    Raises:
        StackError: There is none of that name, or no name and several readers.
    """
    found = [reader for reader in readers if name in {None, reader.reader}]
    if len(found) == 1:
        return found[0]
    problem = "the stack has several readers" if name is None else f"the stack has no reader {name!r}"
    raise StackError(f"{problem}; name one with READER=: {', '.join(reader.reader for reader in readers)}")


def report(attempt: Attempt) -> int:
    """Prints how an invocation ended. Returns the exit code."""
    if attempt.log:
        sys.stdout.write(f"the function's log:\n{as_lines(attempt.log.rstrip())}\n\n")
    failure = attempt.failure
    if failure is None:
        sys.stdout.write(f"your function returned:\n{one_line(attempt.payload)}\n")
        return WHOLE
    sys.stdout.write(f"{one_line(outcome_of(failure))}\n")
    return BROKEN if failure.ran else NOT_SEEN


if __name__ == "__main__":
    sys.exit(main())
