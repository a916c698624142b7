"""The function's contract with its deployer: which environment variables it reads, and what they mean.

Standard library only, so that the Pulumi program can import the names without the BigQuery client.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from keyless_bigquery.runtime import forms
from keyless_bigquery.runtime.errors import ConfigurationError, SubjectTokenError

HANDLER = "KEYLESS_HANDLER"
"""The function that is called, as ``module.function`` in its package. Optional: :data:`DEFAULT_HANDLER`."""

DEFAULT_HANDLER = "handler.lambda_handler"
"""What is called where no function is named."""

CREDENTIALS_FILE = "GOOGLE_APPLICATION_CREDENTIALS"
"""Path of the credential configuration, read by google-auth itself. Relative to the function's own folder."""

PROJECT = "GOOGLE_CLOUD_PROJECT"
"""Project that pays for the query jobs. Its presence also saves google-auth a look-up in Resource Manager."""

TABLE = "BIGQUERY_TABLE"
"""The table to read, as ``project.dataset.table``."""

TABLES = "BIGQUERY_TABLES"
"""All that may be read: the table, then others as ``project.dataset.table`` and whole datasets as ``project.dataset``.

Names joined by commas. Optional: the one table."""

COLUMNS = "BIGQUERY_COLUMNS"
"""The columns to select, in this order: names joined by commas. Optional: :data:`DEFAULT_COLUMNS`."""

DEFAULT_COLUMNS = ("user_id", "name")
"""What is selected where no columns are named: those of the table that the program makes by default."""

MOST_COLUMNS = 100
"""Most columns that may be named. Lambda bounds all variables together to 4 KB."""

LOCATION = "BIGQUERY_LOCATION"
"""BigQuery location of the dataset, for example ``US`` or ``asia-northeast1``."""

MAXIMUM_BYTES_BILLED = "BIGQUERY_MAXIMUM_BYTES_BILLED"
"""BigQuery refuses a query that would bill more bytes than this. A whole number."""

API_ENDPOINT = "BIGQUERY_EMULATOR_HOST"
"""Base URL of the BigQuery API where it is not Google's public one. Optional.

The client's own variable, and so the one by which ``bigquery.Client()`` in a function finds it too. Its name says
emulator, and it holds any other address as well, such as that of Private Service Connect."""

AWS_SESSION = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
"""The role's session, put there by Lambda. Their values are secret."""

CONTAINER_PATH = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
"""Where the role's session is to be had on ECS: a path at the address of ECS. It is enough to get the session."""

CONTAINER_URL = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
"""Where the role's session is to be had under Lambda's SnapStart and EKS Pod Identity."""

CONTAINER_TOKEN = "AWS_CONTAINER_AUTHORIZATION_TOKEN"  # noqa: S105 - the name of a variable
"""What to show there, under SnapStart. Its value is secret."""

CONTAINER_TOKEN_FILE = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"  # noqa: S105 - the name of a variable
"""File that holds what to show there, under EKS Pod Identity, which renews it."""

AWS_REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")
"""The region, in the first that is set; put there by Lambda, ECS and EKS."""

STS_ENDPOINT = "AWS_ENDPOINT_URL_STS"
"""Base URL of AWS STS where it is not the region's public one, as the AWS SDKs read it. Optional. Asked only where AWS
signs the subject token. Source: AWS SDKs and Tools Reference Guide, "Service-specific endpoints"."""

_PROJECT_ID = r"[a-z][a-z0-9-]{4,28}[a-z0-9]"
_DATASET = rf"{_PROJECT_ID}\.[A-Za-z0-9_]{{1,1024}}"
_TABLE = rf"{_DATASET}\.[A-Za-z0-9_-]{{1,1024}}"
_LARGEST_INT64 = 2**63 - 1

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
"""Hosts that are this machine itself: tokens may travel to them by plain HTTP."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Environment:
    """How the deployer configured the function.

    Args:
        credentials_file: Where the credential configuration lies.
        project: Project that pays for the query jobs.
        table: The table to read, as ``project.dataset.table``; needs no escaping inside backticks.
        tables: All that may be read, that table first; a whole dataset is ``project.dataset``.
        columns: The columns to select, at least one; need no escaping inside backticks.
        location: BigQuery location of the table.
        maximum_bytes_billed: Most bytes that a query may bill.
        api_endpoint: Base URL of the BigQuery API; ``None``: Google's public one.
    """

    credentials_file: Path
    project: str
    table: str
    tables: tuple[str, ...]
    columns: tuple[str, ...]
    location: str
    maximum_bytes_billed: int
    api_endpoint: str | None

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Environment:
        """Reads and checks the variables above.

        Raises:
            ConfigurationError: One is missing or invalid; it names the variable, the value, the rule and the fix.
        """
        return cls(
            credentials_file=Path(_value(environ, CREDENTIALS_FILE)),
            project=_matching(
                environ,
                PROJECT,
                _PROJECT_ID,
                "a project id without a domain, such as my-project-123, and not a project number",
            ),
            table=_matching(environ, TABLE, _TABLE, "project.dataset.table, of a project without a domain"),
            tables=_tables(environ),
            columns=_columns(environ, COLUMNS),
            location=_matching(environ, LOCATION, r"[A-Za-z0-9-]{2,40}", "a BigQuery location, such as US"),
            maximum_bytes_billed=_whole_number(environ, MAXIMUM_BYTES_BILLED),
            api_endpoint=_endpoint(environ, API_ENDPOINT),
        )


def require_aws_session(environ: Mapping[str, str]) -> None:
    """Makes sure that a role's session can be had: from the variables, or from a container credentials endpoint.

    The variables come first, as in the AWS SDKs. They hold a session or nothing: the two keys of an IAM user, without
    a session token, are refused, since such keys are what this function exists to do without.

    Raises:
        SubjectTokenError: A variable is missing.
        ConfigurationError: One holds what is no region, or no part of a session, which is not shown.
    """
    held = any(environ.get(name) for name in AWS_SESSION)
    asked = any(environ.get(name) for name in (CONTAINER_PATH, CONTAINER_URL))
    needed = AWS_SESSION if held or not asked else ()
    missing = [name for name in needed if not environ.get(name)]
    if not any(environ.get(name) for name in AWS_REGIONS):
        missing.append(AWS_REGIONS[0])
    if missing:
        raise SubjectTokenError(
            f"{', '.join(missing)} not set, so no GetCallerIdentity request can be signed",
            "the function's execution role, or the task's or pod's role: with it AWS itself sets these"
            f" variables, or {CONTAINER_URL} or {CONTAINER_PATH} in place of the keys",
        )
    for name in needed:
        if (wrong := forms.session_value(environ[name])) is not None:
            raise _invalid(name, wrong)
    aws_region(environ)


def aws_region(environ: Mapping[str, str]) -> str:
    """The region, for whose STS the subject token is signed. One has to be set.

    Raises:
        ConfigurationError: It is none of the standard partition, or no region's name.
    """
    name = next(name for name in AWS_REGIONS if environ.get(name))
    if (wrong := forms.region(environ[name])) is not None:
        raise _invalid(name, wrong, environ[name])
    return environ[name]


def sts_endpoint(environ: Mapping[str, str]) -> str:
    """The base URL of AWS STS that :data:`STS_ENDPOINT` names, without a slash at the end; empty if none is named.

    Raises:
        ConfigurationError: It is no address for credentials.
    """
    return (_endpoint(environ, STS_ENDPOINT) or "").rstrip("/")


def handler(environ: Mapping[str, str]) -> str:
    """The function that is called.

    Raises:
        ConfigurationError: The name is none of a function.
    """
    name = environ.get(HANDLER) or DEFAULT_HANDLER
    if (wrong := forms.handler(name)) is not None:
        raise _invalid(HANDLER, wrong, name)
    return name


def require_proxy(environ: Mapping[str, str], scheme: str, value: str) -> None:
    """Makes sure that the proxy for a scheme is one.

    Args:
        environ: The process's variables.
        scheme: ``http`` or ``https``.
        value: The proxy for it.

    Raises:
        ConfigurationError: It isn't. The value is not shown: it may hold a password.
    """
    if (wrong := forms.proxy(value)) is not None:
        names = (f"{scheme}_proxy", f"{scheme.upper()}_PROXY", "all_proxy", "ALL_PROXY")
        raise _invalid(next((name for name in names if environ.get(name) == value), names[1]), wrong)


def secrets_in(environ: Mapping[str, str]) -> list[str]:
    """Values in the environment that must not be logged."""
    return [environ[name] for name in (*AWS_SESSION, CONTAINER_TOKEN, CONTAINER_PATH) if environ.get(name)]


def _value(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "")
    if not value:
        raise _refused(name, "is not set", "the function can't do without it")
    return value


def _matching(environ: Mapping[str, str], name: str, pattern: str, rule: str) -> str:
    value = _value(environ, name)
    if re.fullmatch(pattern, value, re.ASCII) is None:
        raise _refused(name, f"is {value[:200]!r}", f"it must be {rule}")
    return value


def _tables(environ: Mapping[str, str]) -> tuple[str, ...]:
    first = _value(environ, TABLE)
    tables = tuple(environ.get(TABLES, first).split(","))
    rule = (
        "it must be names of tables, project.dataset.table, or datasets, project.dataset: joined by commas, no spaces"
    )
    for table in tables:
        if re.fullmatch(f"{_TABLE}|{_DATASET}", table, re.ASCII) is None:
            raise _refused(TABLES, f"holds {table[:200]!r}", rule)
    if tables[0] != first:
        raise _refused(TABLES, f"begins with {tables[0][:200]!r}", f"it must begin with {first[:200]!r}, as {TABLE} is")
    return tables


def _columns(environ: Mapping[str, str], name: str) -> tuple[str, ...]:
    if name not in environ:
        return DEFAULT_COLUMNS
    value = environ[name]
    columns = tuple(value.split(","))
    rule = f"it must be 1 to {MOST_COLUMNS} names of columns, such as user_id,name: joined by commas, without spaces"
    if len(columns) > MOST_COLUMNS:
        raise _refused(name, f"names {len(columns)} columns", rule)
    for column in columns:
        if (wrong := forms.selected_column(column)) is not None:
            problem = f"is {value[:200]!r}, in which {column[:60]!r} is no name of a column ({wrong[0]})"
            raise _refused(name, problem, rule)
    # BigQuery takes names that differ by case only for the same.
    if len({column.lower() for column in columns}) < len(columns):
        raise _refused(name, f"is {value[:200]!r}", "it must name no column twice; case makes no difference")
    return columns


def _whole_number(environ: Mapping[str, str], name: str) -> int:
    value = _matching(environ, name, r"[0-9]{1,19}", "a whole number of bytes")
    if not 0 < int(value) <= _LARGEST_INT64:
        raise _refused(name, f"is {value!r}", f"it must be from 1 to {_LARGEST_INT64}")
    return int(value)


def _endpoint(environ: Mapping[str, str], name: str) -> str | None:
    value = environ.get(name, "")
    if not value:
        return None
    wrong = forms.address(value)
    if wrong is not None or (urlsplit(value).scheme == "http" and urlsplit(value).hostname not in LOOPBACK):
        # The value is not shown: a URL may carry a password.
        raise _refused(name, "is invalid", "tokens travel there: https://HOST, or http:// for this machine itself")
    return value


def _invalid(name: str, wrong: tuple[str, str], value: str | None = None) -> ConfigurationError:
    """The error of a variable that the surroundings set; without ``value`` it may be secret and is not shown."""
    shown = "is invalid" if value is None else f"is {value[:200]!r}"
    return ConfigurationError(
        f"environment variable {name} {shown}: {wrong[0]}",
        f"{name}, which Lambda or the container's environment sets. {wrong[1].rstrip('.')}",
    )


def _refused(name: str, problem: str, rule: str) -> ConfigurationError:
    return ConfigurationError(
        f"environment variable {name} {problem}: {rule}",
        f"{name} in the function's configuration, which `pulumi up` makes, or the container's environment",
    )
