"""Checks each link of the deployed chain, and names the first failed one with the command that fixes it."""

from __future__ import annotations

import sys

import boto3
from rich.console import Console

from keyless_bigquery.trust.trust import GoogleEndpoints
from keyless_tools.doctor.aws_api import AwsApi
from keyless_tools.doctor.expected import expected_of
from keyless_tools.doctor.google_api import CredentialsError, GoogleApi, credentials_from
from keyless_tools.doctor.look import Clouds
from keyless_tools.doctor.report import Walked, exit_code, print_report
from keyless_tools.doctor.report import as_json as report_as_json
from keyless_tools.doctor.stack import Stack, read_stack
from keyless_tools.doctor.walk import walk


def run(stack: str, *, as_json: bool) -> int:
    """Checks one stack's chain, and prints the report; 0: all passed, 1: one failed, 2: not all could be looked at.

    Raises:
        StackError: The stack can't be read.
    """
    read = read_stack(stack)
    walks = examine(read, clouds_of(read))
    if as_json:
        sys.stdout.write(report_as_json(walks) + "\n")
    else:
        print_report(Console(file=sys.stdout, highlight=False), walks)
    return exit_code(walks)


def examine(stack: Stack, clouds: Clouds) -> tuple[Walked, ...]:
    """Walks the chain of every reader.

    Raises:
        StackError: An output is missing.
    """
    return tuple(Walked(reader=one.reader, findings=walk(one, clouds.look(one))) for one in expected_of(stack))


def clouds_of(stack: Stack) -> Clouds:
    """Both clouds as the settings name them, with the credentials of this process."""
    settings = stack.settings
    aws = AwsApi(boto3.Session(region_name=settings.aws_region), endpoint=settings.aws_endpoint)
    return Clouds(google=google_of(endpoints_of(stack), project=settings.google_project), aws=aws)


def endpoints_of(stack: Stack) -> GoogleEndpoints:
    """Where the settings have Google's APIs."""
    settings = stack.settings
    return GoogleEndpoints(universe_domain=settings.google_universe_domain, base_url=settings.google_endpoint)


def google_of(endpoints: GoogleEndpoints, *, project: str) -> GoogleApi | str:
    """Google's APIs with the credentials of this process; a text says why there are none.

    Args:
        endpoints: Where they are.
        project: One that the calls may count for.
    """
    try:
        return GoogleApi(credentials_from(), endpoints, project=project)
    except CredentialsError as error:
        return str(error)
