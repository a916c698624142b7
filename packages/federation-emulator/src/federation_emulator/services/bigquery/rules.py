"""What BigQuery's gateway says: the text of a refusal, the settings that are understood, the bytes billed. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from federation_emulator.core.errors import ApiError, invalid_argument, permission_denied, unimplemented
from federation_emulator.core.permission_names import CREATE_JOB, FINE_GRAINED_GET, GET_DATA
from federation_emulator.core.trace import Part, refuse
from federation_emulator.services.bigquery.fields import accepted
from federation_emulator.services.bigquery.model import DatasetName, ProjectName, TableName
from federation_emulator.services.bigquery.sql import Need
from federation_emulator.services.bigquery.sql.names import SchemaView, Wildcard
from federation_emulator.services.bigquery.sql.tasks import Unreadable
from keyless_bigquery.trust.names import MINIMUM_BYTES_BILLED

MOST_FIRST_ROWS = 10_000
_WAIT_SECONDS = 10.0
_MOST_WAIT_SECONDS = 200.0

_INT64 = re.compile(r"[0-9]{1,18}")


def check_query_fields(query: dict[str, Any], configuration: dict[str, Any] | None) -> str:
    """Check a query's settings, those of its job's configuration if it has one, and return the SQL.

    Raises:
        ApiError: 400, legacy SQL or no query; 501, a setting or a kind of job that isn't offered.
    """
    if configuration is None:
        accepted("QueryRequest", query)
        accepted("DataFormatOptions", query.get("formatOptions") or {})
    else:
        accepted("JobConfiguration", configuration)
        if "query" not in configuration:
            raise unimplemented("Jobs without a query are not offered by the local cloud.")
        accepted("JobConfigurationQuery", configuration.get("query") or {})
    if query.get("useLegacySql") is not False:
        # The API's default is legacy SQL, so a request that doesn't say is one that asks for it.
        raise invalid_argument(
            "Legacy SQL is not offered by the local cloud: send useLegacySql: false (bq: --use_legacy_sql=false).",
            reason="invalidQuery",
        )
    sql: str = query.get("query") or ""
    if not sql.strip():
        raise invalid_argument("Required parameter is missing: query", reason="required")
    return sql


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Bounds that a query sets itself.

    Attributes:
        wait_seconds: How long its caller waits for its end.
        job_seconds: How long it may take; ``None``: as long as any.
        first_rows: How many rows the first page has at most.
        int64_timestamps: Whether that page has a TIMESTAMP in microseconds; else in seconds, as a float.
    """

    wait_seconds: float
    job_seconds: float | None
    first_rows: int
    int64_timestamps: bool


def check_limits(query: dict[str, Any]) -> Limits:
    """Read ``timeoutMs``, ``jobTimeoutMs``, ``maxResults`` and ``formatOptions``.

    Source: Google, BigQuery REST, ``QueryRequest``: the caller waits ten seconds if it doesn't say, 200 at most; a job
    that takes longer than ``jobTimeoutMs`` may be stopped. ``DataFormatOptions``: ``useInt64Timestamp`` is false
    where it isn't given.

    Raises:
        ApiError: 400, one isn't a whole number.
    """
    wait, job, rows = (_whole(query, name) for name in ("timeoutMs", "jobTimeoutMs", "maxResults"))
    return Limits(
        wait_seconds=_WAIT_SECONDS if wait is None else min(wait / 1000, _MOST_WAIT_SECONDS),
        job_seconds=job / 1000 if job else None,
        first_rows=MOST_FIRST_ROWS if rows is None else min(rows, MOST_FIRST_ROWS),
        int64_timestamps=(query.get("formatOptions") or {}).get("useInt64Timestamp") is True,
    )


def _whole(query: dict[str, Any], name: str) -> int | None:
    value = query.get(name)
    if value is None:
        return None
    if not _INT64.fullmatch(str(value)):
        raise invalid_argument(f"Invalid value at '{name}' (TYPE_INT64), {value!r:.40}")
    return int(value)


def check_bytes_billed(query: dict[str, Any], tables: Sequence[TableName]) -> None:
    """Honour ``maximumBytesBilled``: the BigQuery emulator bills nothing, so BigQuery's minimum for each table counts.

    Raises:
        ApiError: 400, not a positive whole number, or less than BigQuery would bill.
    """
    limit = _whole(query, "maximumBytesBilled")
    if limit is None:
        return
    billed = MINIMUM_BYTES_BILLED * len(tables)
    if 0 < limit < billed:
        raise invalid_argument(
            f"Query exceeded limit for bytes billed: {limit}. {billed} or higher required.",
            reason="bytesBilledLimitExceeded",
        )


def refuse_statement(problem: Unreadable) -> NoReturn:
    """Refuse a statement that isn't understood."""
    refuse(
        Part.REQUEST,
        rule=problem.rule,
        actual=problem.actual,
        expected="a statement whose tables are all known before it runs",
        fix="rewrite the statement; docs say what the local gateway understands",
        answer=invalid_argument(problem.text, reason="invalidQuery"),
    )


def job_denied(project: ProjectName) -> ApiError:
    """B1: no ``bigquery.jobs.create`` on the project that pays."""
    return _denied(
        CREATE_JOB,
        f"Access Denied: Project {project}: User does not have {CREATE_JOB} permission in project {project}.",
    )


def foreign_job_denied(permission: str, job: str) -> ApiError:
    """Another caller's job, for a caller that doesn't administer the project's."""
    return _denied(
        permission, f"Access Denied: Job {job}: Permission {permission} denied on job {job} (or it may not exist)."
    )


def query_denied(table: TableName | Wildcard | SchemaView, permission: str = GET_DATA) -> ApiError:
    """B2: a query names a table, or a view of ``INFORMATION_SCHEMA``, that the principal may not read."""
    return _denied(
        permission,
        f"Access Denied: Table {table}: User does not have permission to query table {table}, or perhaps it does "
        "not exist.",
    )


def columns_denied(columns: Sequence[tuple[TableName, str]], tag: str) -> ApiError:
    """Columns with a policy tag, for who has no fine-grained access to it (the text is as users report it).

    Google names taxonomy and tag as they are displayed. Here neither is known, and their numbers stand for them.
    """
    _, taxonomy, _, number = tag.rsplit("/", 3)
    named = ", ".join(f"{table.project}.{table.dataset}.{table.table}.{column}" for table, column in columns)
    return _denied(
        FINE_GRAINED_GET,
        "Access Denied: BigQuery BigQuery: User has neither fine-grained reader nor masked get permission to get data "
        f'protected by policy tag "{taxonomy} : {number}" on column{"s" if len(columns) > 1 else ""} {named}.',
    )


def filter_missing(table: TableName, columns: Sequence[str]) -> ApiError:
    """A table that requires a partition filter, and a query without one (the text is as users report it)."""
    listed = ", ".join(f"'{column}'" for column in columns)
    return invalid_argument(
        f"Cannot query over table '{table.project}.{table.dataset}.{table.table}' without a filter over column(s) "
        f"{listed} that can be used for partition elimination",
        reason="invalidQuery",
    )


def need_denied(need: Need) -> ApiError:
    """B3 to B5: a permission on a table, a dataset or the project is missing."""
    kind = "Project" if isinstance(need.on, ProjectName) else "Dataset" if isinstance(need.on, DatasetName) else "Table"
    return _denied(
        need.permission,
        f"Access Denied: {kind} {need.on}: Permission {need.permission} denied on {kind.lower()} {need.on} (or it may "
        "not exist).",
    )


def _denied(permission: str, message: str) -> ApiError:
    return permission_denied(message, permission=permission, domain="bigquery.googleapis.com")
