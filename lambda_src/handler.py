"""What Lambda calls."""

from __future__ import annotations

import functools
import sys
from typing import Protocol

from lambda_src.reading import Reading


class LambdaContext(Protocol):
    """The part of Lambda's context object that the function uses."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda stops the function."""


def lambda_handler(event: object, context: LambdaContext) -> object:
    """Prints the rows of the table and returns ``event`` unchanged.

    Raises:
        lambda_src.errors.ReaderError: The rows could not be had. Its text was printed as one line, and holds no secret.
    """
    failure = _reading().print_rows(milliseconds=context.get_remaining_time_in_millis())
    if failure is not None:
        print(f"ERROR {failure}", file=sys.stderr, flush=True)
        raise failure
    return event


@functools.cache
def _reading() -> Reading:
    """The process's one reading. Made by the first invocation, so that a snapshot of the process holds no token."""
    return Reading()
