"""Runs a job that was admitted: executed by the emulator, its effects applied, its end kept for who asks later."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from typing import Any

from federation_emulator.core.context import Cloud
from federation_emulator.core.errors import ApiError, invalid_argument, not_found, permission_denied, unavailable
from federation_emulator.core.trace import Link, Part, Refused, refuse
from federation_emulator.services.bigquery import effects, emulator, schema, understanding
from federation_emulator.services.bigquery.admission import Admitted
from federation_emulator.services.bigquery.datasets import carry_out
from federation_emulator.services.bigquery.job import Ended, Job
from federation_emulator.services.bigquery.model import TableName
from federation_emulator.services.bigquery.resources import read_labels
from federation_emulator.services.bigquery.sql.tasks import Prepare, Prepared
from federation_emulator.services.bigquery.sql.writing import Writing

_ANSWERED = (
    *("defaultDataset", "maximumBytesBilled", "parameterMode", "preserveNulls", "priority", "queryParameters"),
    "useQueryCache",
)
"""Settings of a query that its job answers as they were given."""

_QUEUE_SECONDS = 60.0
"""How much longer than its time limit a statement may wait for those before it."""


def start(cloud: Cloud, admitted: Admitted, settings: dict[str, Any], job_id: str | None = None) -> Job:
    """Start a job, with an id of its own or one that was chosen. It goes on when the caller has gone.

    Raises:
        ApiError: 429, too many run already.
    """
    job = Job(
        job_id=job_id or f"job_{secrets.token_urlsafe(20)}",
        admitted=admitted,
        labels=read_labels(settings.get("labels")),
        settings={key: value for key, value in settings.items() if key in _ANSWERED},
        created=effects.milliseconds(cloud),
    )
    cloud.jobs.add(job)
    job.task = asyncio.create_task(_run(cloud, job))
    return job


def again(cloud: Cloud, admitted: Admitted, request_id: str) -> Job | None:
    """Return the job that the same request has made already; ``None`` if there is none, or no more."""
    return cloud.jobs.requested(admitted, request_id, now=effects.milliseconds(cloud))


async def cancel(cloud: Cloud, job: Job) -> None:
    """Ask for a job to be stopped."""
    job.cancelled = job.ended is None
    if job.cancelled:
        await emulator.call(cloud, "POST", "/cancel", body={"job": job.job_id})


async def define(cloud: Cloud, table: TableName, kind: str, sql: str) -> None:
    """Carry out a statement of the gateway's own, of this kind, that makes, changes or drops one table or view.

    Raises:
        ApiError: It failed.
    """
    prepared = await understanding.prepare(cloud, Prepare(sql=sql, writing=Writing(project=table.project)))
    execution = {"job": secrets.token_hex(8), "kind": kind, "target": _place(table), "tables": [], "values": {}}
    limit = cloud.config.bigquery_timeout_seconds
    with emulator.changing(cloud, table.resource):
        answered = await _execute(cloud, execution, prepared, limit)
    if "failed" in answered:
        raise _failed(answered["failed"])
    if "done" not in answered:
        raise unavailable(f"The local BigQuery did not carry out a {kind} statement.")


async def page_of(cloud: Cloud, job: Job, *, start: int, most: int, more: Mapping[str, str]) -> dict[str, Any]:
    """Return a page of a job's rows, written as the parameters in ``more`` say.

    Raises:
        ApiError: 404, they aren't kept any more.
    """
    params = {**more, "job": job.job_id, "start": str(start), "most": str(most)}
    answered = await emulator.call(cloud, "GET", "/rows", params=params, repeatable=True)
    if "done" not in answered:
        raise not_found(f"Not found: the rows of job {job} are not kept any more; run the query again.")
    page: dict[str, Any] = answered["done"]
    return page


async def _run(cloud: Cloud, job: Job) -> Ended:
    try:
        return await _executed(cloud, job)
    except Refused as problem:
        answer = problem.answer
        return Ended(error=answer if isinstance(answer, ApiError) else permission_denied(str(answer)))
    except ApiError as problem:
        return Ended(error=problem)
    finally:
        job.ended = effects.milliseconds(cloud)


async def _executed(cloud: Cloud, job: Job) -> Ended:
    admitted = job.admitted
    statement = admitted.statement
    if statement.kind in {"CREATE_SCHEMA", "DROP_SCHEMA"}:
        if not admitted.dry:
            await carry_out(cloud, statement, admitted.creator, location=admitted.location)
        return Ended(page={"schema": {"fields": []}, "rows": [], "totalRows": "0"})
    limit = min(cloud.config.bigquery_timeout_seconds, admitted.limits.job_seconds or float("inf"))
    execution = {
        "job": job.job_id,
        "kind": statement.kind,
        "target": _place(statement.target),
        "tables": [_place(table) for table in admitted.scans],
        "altered": statement.alters_columns,
        "values": admitted.values,
        "dry": admitted.dry,
        "most_rows": admitted.limits.first_rows,
        "int64_timestamps": admitted.limits.int64_timestamps,
    }
    target = statement.target
    if target is None or admitted.dry:
        return Ended(page=_done(cloud, job, await _execute(cloud, execution, admitted.prepared, limit), limit))
    with emulator.changing(cloud, target.resource):
        answered = await _execute(cloud, execution, admitted.prepared, limit)
        page = _done(cloud, job, answered, limit)
        if not answered.get("unchanged"):
            try:
                await effects.apply(cloud, target, admitted)
                if statement.copies is not None:
                    await _require(cloud, target)
            except ApiError:
                if statement.kind == "CREATE_TABLE" and (statement.fresh or statement.replaces):
                    # What it says besides columns is checked against these, which are known only now.
                    await define(cloud, target, "DROP_TABLE", f"DROP TABLE {target.quoted}")
                raise
    return Ended(page=page)


async def _require(cloud: Cloud, table: TableName) -> None:
    """Keep NULL out of the REQUIRED columns of a copy, which was made from a query."""
    for field in schema.fields(await emulator.existing(cloud, table)):
        if field.get("mode") == "REQUIRED":
            sql = f"ALTER TABLE {table.quoted} ALTER COLUMN `{field['name']}` SET NOT NULL"
            await define(cloud, table, "ALTER_TABLE", sql)


async def _execute(cloud: Cloud, execution: dict[str, Any], prepared: Prepared, limit: float) -> dict[str, Any]:
    """Have the emulator execute a statement within so many seconds; what is said of its rows may be left out."""
    more: dict[str, Any] = {"dry": False, "most_rows": 0, "int64_timestamps": False}
    more |= {"statements": prepared.statements, "limit_seconds": limit}
    return await emulator.call(
        cloud,
        "POST",
        "/execute",
        body={**more, **execution},
        limit_seconds=limit + _QUEUE_SECONDS,
        repeatable=execution["kind"] == "SELECT",
    )


def _done(cloud: Cloud, job: Job, answered: dict[str, Any], limit: float) -> dict[str, Any]:
    if "refused" in answered:
        cloud.counters["statements that DuckDB read otherwise"] += 1
        _refuse(cloud, job, str(answered["refused"]))
    if "stopped" in answered:
        raise _stopped(job, limit)
    if "failed" in answered:
        raise _failed(answered["failed"])
    page: dict[str, Any] = answered["done"]
    return page


def _refuse(cloud: Cloud, job: Job, what: str) -> None:
    """Refuse a statement that the engine reads otherwise than the gateway."""
    admitted = job.admitted
    with cloud.trace.deciding(
        Link.JOB, resource=admitted.payer.resource, principal=job.member, parent=admitted.decision
    ):
        refuse(
            Part.REQUEST,
            rule="what is executed must be what was admitted",
            actual=what,
            expected=f"one {admitted.statement.kind} statement that reads "
            + (", ".join(map(str, admitted.scans)) or "no table"),
            fix="rewrite the statement, and report this one: gateway and engine read it differently",
            answer=ApiError(
                403,
                "PERMISSION_DENIED",
                "Access Denied: the local BigQuery would read the statement otherwise than it was judged.",
                reason="accessDenied",
            ),
        )


def _stopped(job: Job, limit: float) -> ApiError:
    if job.cancelled:
        return invalid_argument("Job execution was cancelled: User requested cancellation", reason="stopped")
    if job.admitted.limits.job_seconds == limit:
        return invalid_argument(f"Job execution was cancelled: Job timed out after {limit:g} s", reason="stopped")
    return invalid_argument(
        f"Resources exceeded during query execution: the local BigQuery stops a statement after {limit:g} s.",
        reason="resourcesExceeded",
    )


def _failed(problem: dict[str, Any]) -> ApiError:
    reason, message = str(problem.get("reason") or "invalidQuery"), str(problem.get("message") or "The query failed.")
    if reason == "notFound":
        return not_found(message)
    code, status = {
        "duplicate": (409, "ALREADY_EXISTS"),
        "responseTooLarge": (403, "PERMISSION_DENIED"),
        "notImplemented": (501, "UNIMPLEMENTED"),
    }.get(reason, (400, "INVALID_ARGUMENT"))
    return ApiError(code, status, message[:2000], reason=reason)


def _place(table: TableName | None) -> list[str]:
    return [] if table is None else [table.project, table.dataset, table.table]
