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
Handler = Callable[[Any, "LambdaContext"], object]


class LambdaContext(Protocol):
    """The part of Lambda's context object that is used here."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda stops the function."""


def with_bigquery(function: Callable[[Event, BigQueryReader], object]) -> Callable[[Event, LambdaContext], object]:
    """Makes a Lambda handler of a function that takes an event and a reader.

    The reader is authenticated and keeps to the invocation's time. What the function returns must be JSON-able.

    Args:
        function: Takes the event and the reader.

    Returns:
        What Lambda calls, with the event and Lambda's context.

    Raises, from the handler:
        keyless_bigquery.runtime.errors.ReaderError: A link of the chain failed, or what was returned is no response.
            Its text was printed as one line, and holds no secret.
        Exception: What the function itself raised. It is replaced where it holds a secret.
    """

    @functools.wraps(function)
    def handler(event: Event, context: LambdaContext) -> object:
        return _guarded(event, context, lambda reader: function(event, reader))

    handler._gives_reader = True  # type: ignore[attr-defined]  # a mark for `guarded`, on a function of our own
    return handler


def guarded(handler: Handler) -> Handler:
    """The same for a handler that takes Lambda's context and makes a client of its own.

    One of :func:`with_bigquery`'s is returned as it is.
    """
    if getattr(handler, "_gives_reader", False):
        return handler

    @functools.wraps(handler)
    def around(event: object, context: LambdaContext) -> object:
        return _guarded(event, context, lambda _: handler(event, context), gives_reader=False)

    return around


def _guarded(
    event: object,
    context: LambdaContext,
    call: Callable[[Any], object],
    *,
    gives_reader: bool = True,
) -> object:
    milliseconds = context.get_remaining_time_in_millis()
    try:
        if probe.asked(event):
            with (reader := PROCESS.reader()).invocation(milliseconds):
                return probe.answer(reader)
        if gives_reader:
            with (reader := PROCESS.reader()).invocation(milliseconds):
                returned = call(reader)
        else:
            limit = TimeLimit()
            limit.begin(milliseconds)
            with limit.enforced():
                returned = call(None)
        return response.checked(returned)
    except Exception as error:
        # Imported here: a start that goes well does without.
        from keyless_bigquery.runtime.diagnosis import failure

        raised = failure(error, secrets=PROCESS.secrets)
        if raised is error:
            raise
    # Outside of the handler above, so that nothing of the libraries' own error is chained to it: that holds requests
    # with their headers.
    print(f"ERROR {raised}", file=sys.stderr, flush=True)
    raise raised
