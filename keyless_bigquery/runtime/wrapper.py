"""What is around a function: its reader, its time limit, the probe, and the one place where errors become log lines."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from keyless_bigquery.runtime import probe, response
from keyless_bigquery.runtime.bigquery_client import BigQueryReader
from keyless_bigquery.runtime.deadline import TimeLimit
from keyless_bigquery.runtime.process import PROCESS

Event = TypeVar("Event")
GIVES_READER = "gives_reader"
"""The attribute that :func:`with_bigquery` leaves on what it makes."""


class LambdaContext(Protocol):
    """The part of Lambda's context object that is used here."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda stops the function."""


Handler = Callable[[Any, LambdaContext], object]


def with_bigquery(function: Callable[[Event, BigQueryReader], object]) -> Callable[[Event, LambdaContext], object]:
    """Makes a Lambda handler of a function that takes an event and a reader.

    The reader is authenticated, and no request of it outlives the invocation.

    Args:
        function: Takes the event and the reader. What it returns must be JSON-able.

    Returns:
        What takes the event and Lambda's context, and raises what the function and the client raise.
        :func:`guarded`, which is around it in Lambda, says what of that reaches the log.
    """

    @functools.wraps(function)
    def handler(event: Event, context: LambdaContext) -> object:
        with (reader := PROCESS.reader()).invocation(context.get_remaining_time_in_millis()):
            return function(event, reader)

    # For the build, which refuses a function that takes a reader and is given none.
    vars(handler)[GIVES_READER] = True
    return handler


def guarded(handler: Handler) -> Handler:
    """What Lambda calls: answers the probe, ends the handler in time, and checks what it returns.

    Raises, from what is returned:
        keyless_bigquery.runtime.errors.ReaderError: A link of the chain failed, or the function can't be called, did
            not end in time, or returned what is no response. The text was printed as one line, and holds no secret.
        Exception: What the function itself raised, unless its text holds a secret.
    """

    @functools.wraps(handler)
    def around(event: object, context: LambdaContext) -> object:
        limit = TimeLimit()
        limit.begin(context.get_remaining_time_in_millis())
        try:
            if probe.asked(event):
                return with_bigquery(probe.answer)(event, context)
            with limit.enforced():
                return response.checked(handler(event, context))
        except Exception as error:
            # Imported here: a start that goes well does without.
            from keyless_bigquery.runtime.boundary import failure

            raised = failure(error, secrets=PROCESS.secrets, context=context)
            if raised is error:
                raise
        # Outside of the handler above, so that nothing of the libraries' own error is chained to it: that holds
        # requests with their headers.
        print(f"ERROR {raised}", file=sys.stderr, flush=True)
        raise raised

    return around
