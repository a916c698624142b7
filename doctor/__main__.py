"""``python -m doctor STACK``: walks the deployed chain, and names the first broken link with the command that mends it.

Exit codes: 0 the chain is whole, 1 a link is broken, 2 it could not be looked at, or not at all of it.
"""

from __future__ import annotations

import argparse
import sys

import boto3
from rich.console import Console

from doctor.aws_api import AwsApi
from doctor.expected import expected_of
from doctor.google_api import CredentialsError, GoogleApi, credentials_from
from doctor.look import Clouds
from doctor.report import INTERRUPTED, NOT_SEEN, Walked, as_json, exit_code, print_report
from doctor.stack import Stack, StackError, named_stack, read_stack
from doctor.walk import walk
from infra.trust import GoogleEndpoints
from keyless_bigquery.runtime.printable import as_lines, escape_what_stdout_lacks


def main() -> int:
    """Walks one stack's chain."""
    parser = argparse.ArgumentParser(
        prog="python -m doctor", description="Walk a deployed chain link by link. Nothing is changed."
    )
    parser.add_argument("stack", nargs="?", help="name of the stack")
    parser.add_argument("--json", action="store_true", help="print for machines")
    arguments = parser.parse_args()
    escape_what_stdout_lacks()
    try:
        stack = read_stack(named_stack(parser, arguments.stack))
        walks = examine(stack, clouds_of(stack))
    except StackError as error:
        sys.stderr.write(f"error: {as_lines(error)}\n")
        return NOT_SEEN
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; nothing was changed\n")
        return INTERRUPTED
    if arguments.json:
        sys.stdout.write(as_json(walks) + "\n")
    else:
        print_report(Console(file=sys.stdout, highlight=False), walks)
    return exit_code(walks)


def examine(stack: Stack, clouds: Clouds) -> tuple[Walked, ...]:
    """Walks the chain of every reader.

    Args:
        stack: What the engine knows of it.
        clouds: Both clouds.

    Raises:
        StackError: An output is missing.
    """
    return tuple(
        Walked(reader=expected.reader, findings=walk(expected, clouds.look(expected)))
        for expected in expected_of(stack)
    )


def clouds_of(stack: Stack) -> Clouds:
    """Both clouds as the settings name them, with the credentials of whoever runs this."""
    settings = stack.settings
    endpoints = GoogleEndpoints(universe_domain=settings.google_universe_domain, base_url=settings.google_endpoint)
    aws = AwsApi(boto3.Session(region_name=settings.aws_region), endpoint=settings.aws_endpoint)
    try:
        return Clouds(google=GoogleApi(credentials_from(), endpoints), aws=aws)
    except CredentialsError as error:
        return Clouds(google=str(error), aws=aws)


if __name__ == "__main__":
    sys.exit(main())
