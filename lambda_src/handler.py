"""What Lambda calls."""

from __future__ import annotations

import dataclasses
import functools
import os
import sys
from typing import Protocol

from lambda_src.bigquery_client import BigQueryReader
from lambda_src.diagnosis import diagnose
from lambda_src.environment import AWS_SESSION, Environment, require_aws_session
from lambda_src.errors import ReaderError, error_for
from lambda_src.query import print_rows
from lambda_src.redaction import scrub


class LambdaContext(Protocol):
    """The part of Lambda's context object that the function uses."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda stops the function."""


def lambda_handler(event: object, context: LambdaContext) -> object:
    """Prints the rows of the table and returns ``event`` unchanged.

    Raises:
        ReaderError: The rows could not be had. Its text was printed as one line, and holds no secret.
    """
    failure = _print_rows(context)
    if failure is not None:
        print(f"ERROR {failure}", file=sys.stderr, flush=True)
        # Raised here, outside the except clause below, so that it carries no trace of the libraries' own errors:
        # those hold requests with their headers.
        raise failure
    return event


def _print_rows(context: LambdaContext) -> ReaderError | None:
    try:
        require_aws_session(os.environ)
        reader = _reader()
        with reader.invocation(context.get_remaining_time_in_millis()):
            print_rows(reader.rows, table=reader.table, columns=reader.columns)
    except Exception as error:  # noqa: BLE001 - the one boundary: whatever it is, it must not reach the log as it is
        return _failure(error)
    return None


@functools.cache
def _reader() -> BigQueryReader:
    """The process's one reader. Made by the first invocation; one that could not be made is tried again by the next."""
    return BigQueryReader(Environment.from_environ(os.environ))


def _failure(error: Exception) -> ReaderError:
    secrets = [os.environ.get(name, "") for name in AWS_SESSION]
    diagnosis = diagnose(error)
    return error_for(dataclasses.replace(diagnosis, what=scrub(diagnosis.what, secrets)))
