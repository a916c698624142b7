"""The function outside Lambda: calls it once with an event, prints what it returns, and ends with 0; else with 1."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import google.auth.exceptions

from keyless_bigquery.runtime.aws_credentials import RoleSessionSupplier, Supplier
from keyless_bigquery.runtime.deadline import TimeLimit
from keyless_bigquery.runtime.environment import AWS_REGIONS, AWS_SESSION
from keyless_bigquery.runtime.errors import ReaderError, SubjectTokenError
from keyless_bigquery.runtime.loading import load
from keyless_bigquery.runtime.wrapper import guarded

LIMIT_MILLISECONDS = 60_000
"""How long all of it may take. What Lambda's timeout is to a function, a container must set itself."""


class Context:
    """What the function is given in place of Lambda's context."""

    def __init__(self) -> None:
        self._end = time.monotonic() + LIMIT_MILLISECONDS / 1000

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the time is up."""
        return max(0, int((self._end - time.monotonic()) * 1000))


def main(arguments: list[str] | None = None) -> int:
    """Does it.

    Args:
        arguments: Command line; ``None``: the process's own.

    Returns:
        The exit status.
    """
    parser = argparse.ArgumentParser(description="Call the function once, without a service account key.")
    parser.add_argument("event", nargs="?", type=Path, help="file with the event, as JSON (default: {})")
    parser.add_argument("--boto3", action="store_true", help="ask boto3 for the role's session (EKS IRSA, EC2)")
    parsed = parser.parse_args(arguments)
    try:
        event = json.loads(parsed.event.read_bytes()) if parsed.event else {}
    except (OSError, ValueError) as error:
        parser.error(f"the event {str(parsed.event)!r} can't be used: {error}")
    try:
        returned = guarded(_with_session(load(os.environ), boto3=parsed.boto3))(event, Context())
    except ReaderError:
        # It was printed.
        return 1
    json.dump(returned, sys.stdout)
    sys.stdout.write("\n")
    return 0


def _with_session(function: Callable[..., object], *, boto3: bool) -> Callable[..., object]:
    """The function, called with the role's session in the environment, as Lambda has it.

    There it is found by the clients that the function makes as well as by the reader. It is asked for once, since a
    session lasts longer than one call.
    """

    def called(event: object, context: Context) -> object:
        supplier: Supplier
        if boto3:
            # Imported late: only the image with boto3 in it can, and importing it takes longer than a read.
            from examples.container.boto3_supplier import Boto3Supplier

            supplier = Boto3Supplier()
        else:
            supplier = RoleSessionSupplier(os.environ, TimeLimit.of(context.get_remaining_time_in_millis() / 1000))
        try:
            session = supplier.get_aws_security_credentials(None, None)
            region = supplier.get_aws_region(None, None)
        except google.auth.exceptions.RefreshError as error:
            raise SubjectTokenError(str(error), "the role of the task or pod") from error
        values = (session.access_key_id, session.secret_access_key, session.session_token or "", region)
        os.environ.update(zip((*AWS_SESSION, AWS_REGIONS[0]), values, strict=True))
        return function(event, context)

    return called


if __name__ == "__main__":
    sys.exit(main())
