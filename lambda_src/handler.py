"""What Lambda calls.

Its import is the start of the process, and so the one in this package that does more than define names: in Lambda
itself it begins to fetch the token before it imports the slow half, the BigQuery client.
"""

from __future__ import annotations

import functools
import os
import sys
from typing import Final, Protocol

from lambda_src.start import without_collecting

with without_collecting():
    from lambda_src import init_phase
    from lambda_src.access_token import AccessToken

    _TOKEN: Final[AccessToken | None] = init_phase.begin(os.environ)

    # What this imports takes as long as the token, which is on its way.
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
    """The process's one reading. Made by the first invocation, so that a snapshot holds no client and no connection."""
    return Reading(token=_TOKEN)
