"""Routes of queries and jobs. A job is admitted first, and then executed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from federation_emulator.core.access import BIGQUERY_READ_SCOPES, authenticate, authorize, check_enabled
from federation_emulator.core.context import Cloud
from federation_emulator.core.errors import already_exists, invalid_argument, not_found
from federation_emulator.core.http import answer, flag_parameter, page, read_json, text_field
from federation_emulator.core.trace import Link
from federation_emulator.services.bigquery import rules, running
from federation_emulator.services.bigquery.admission import Admitted, admit
from federation_emulator.services.bigquery.gate import (
    SERVICE,
    caller_in,
    holds,
    paging,
    policies_on,
    project_of,
    value_format,
)
from federation_emulator.services.bigquery.job import Ended, Job, creator_of
from federation_emulator.services.bigquery.model import MULTI_REGIONS, location_name

_JOB_ID = re.compile(r"[A-Za-z0-9_-]{1,1024}")
_INSERT_WAITS_SECONDS = 1.0
"""How long ``jobs.insert`` waits: most statements have ended by then, and a client needs not ask again."""

_MOST_ROWS = 100_000


async def run_query(cloud: Cloud, request: Request) -> Response:
    """``POST …/queries``: one round trip, rows in the answer, if it ends within ``timeoutMs``."""
    query = await read_json(request)
    admitted, request_id = await admit(cloud, request, query), text_field(query, "requestId", limit=36)
    job = running.again(cloud, admitted, request_id) if request_id else None
    if job is None:
        job = running.start(cloud, admitted, query)
        if request_id:
            cloud.jobs.remember(job, request_id)
    ended = await job.end(within_seconds=job.admitted.limits.wait_seconds)
    return answer(_query_response(job, ended, kind="bigquery#queryResponse"))


async def insert_job(cloud: Cloud, request: Request) -> Response:
    """``POST …/jobs``: query jobs only."""
    body = await read_json(request)
    configuration = body.get("configuration") or {}
    reference = body.get("jobReference") or {}
    settings = {
        **(configuration.get("query") or {}),
        "location": reference.get("location"),
        "dryRun": bool(configuration.get("dryRun")),
        "jobTimeoutMs": configuration.get("jobTimeoutMs"),
        "maxResults": None,
    }
    admitted = await admit(cloud, request, settings, configuration)
    asked = {**(configuration.get("query") or {}), "labels": configuration.get("labels")}
    job = running.start(cloud, admitted, asked, _chosen_id(cloud, reference, admitted))
    ended = await job.end(within_seconds=_INSERT_WAITS_SECONDS)
    if job.admitted.dry and ended is not None and ended.error is not None:
        raise ended.error
    return answer(_wire(job))


async def get_job(cloud: Cloud, request: Request) -> Response:
    """``GET …/jobs/JOB``, for its creator or an administrator."""
    return answer(_wire(_own_job(cloud, request, "bigquery.jobs.get")))


async def get_query_results(cloud: Cloud, request: Request) -> Response:
    """``GET …/queries/JOB``: a page of rows, for the job's creator or an administrator.

    Source: Google, "BigQuery IAM roles and permissions": ``bigquery.jobs.get`` gets data and metadata of any job.
    """
    job = _own_job(cloud, request, "bigquery.jobs.get")
    given = paging(request)
    limits = rules.check_limits({"timeoutMs": request.query_params.get("timeoutMs") or None})
    ended = await job.end(within_seconds=limits.wait_seconds)
    if ended is None or ended.error is not None:
        return answer(_query_response(job, ended, kind="bigquery#getQueryResultsResponse"))
    start = int(given.get("pageToken") or given.get("startIndex") or 0)
    most = int(given.get("maxResults") or _MOST_ROWS)
    rows = ended.page
    if job.admitted.statement.kind == "SELECT" and not job.admitted.dry:
        rows = await running.page_of(cloud, job, start=start, most=most, more=value_format(request))
    return answer(_query_response(job, Ended(page=rows), kind="bigquery#getQueryResultsResponse"))


async def cancel_job(cloud: Cloud, request: Request) -> Response:
    """``POST …/jobs/JOB/cancel``: asks for it; the job says later how it ended."""
    job = _own_job(cloud, request, "bigquery.jobs.update")
    await read_json(request)
    await running.cancel(cloud, job)
    return answer({"kind": "bigquery#jobCancelResponse", "job": _wire(job)})


async def list_jobs(cloud: Cloud, request: Request) -> Response:
    """``GET …/jobs``: one's own jobs; with ``bigquery.jobs.listAll`` and ``allUsers`` all of the project."""
    project = project_of(cloud, request)
    token = caller_in(cloud, request, project)
    all_users = flag_parameter(request, "allUsers") and holds(cloud, token, "bigquery.jobs.listAll", project)
    # Scripts alone have children.
    known: Iterable[Job] = [] if request.query_params.get("parentJobId") else cloud.jobs
    shown = [job for job in known if job.project == project.project and (all_users or job.creator == creator_of(token))]
    cut = page(request, [_wire(job) for job in reversed(shown)], key="jobs", size="maxResults")
    return answer({"jobs": [], **cut, "kind": "bigquery#jobList"})


def _own_job(cloud: Cloud, request: Request, permission: str) -> Job:
    """Find the job of a path, for its creator or for who holds the permission."""
    job_id, project = str(request.path_params["job"])[:1024], project_of(cloud, request)
    with cloud.trace.deciding(Link.ADMINISTRATION, resource=f"job {job_id}", quiet=True) as trail:
        token = authenticate(cloud, request, trail, scopes=BIGQUERY_READ_SCOPES)
        check_enabled(cloud, SERVICE, cloud.project_of(project.project))
        job = cloud.jobs.get(job_id)
        if job is not None and job.project != project.project:
            job = None
        if job is None or job.creator != creator_of(token):
            denied = rules.foreign_job_denied(permission, str(job or f"{project}:{job_id}"))
            authorize(token, permission, policies_on(cloud, project), trail, denied)
        location = request.query_params.get("location") or ""
        # Google finds a job without its location only where the location is a multi-region ("Specify locations").
        if job is None or job.admitted.location not in ({location_name(location)} if location else MULTI_REGIONS):
            raise not_found(f"Not found: Job {project}:{f'{location:.64}.' if location else ''}{job_id}")
    return job


def _chosen_id(cloud: Cloud, reference: dict[str, Any], admitted: Admitted) -> str | None:
    job_id: str | None = reference.get("jobId")
    if job_id is None:
        return None
    if not _JOB_ID.fullmatch(job_id):
        raise invalid_argument(f"Invalid job ID {job_id!r:.80}: letters, digits, underscores and dashes only.")
    if cloud.jobs.get(job_id) is not None:
        raise already_exists(f"Already Exists: Job {admitted.payer}:{admitted.location}.{job_id}")
    return job_id


def _query_response(job: Job, ended: Ended | None, *, kind: str) -> dict[str, Any]:
    """Write the answer of a query: its rows, or that it still runs.

    Raises:
        ApiError: It failed.
    """
    if ended is not None and ended.error is not None:
        raise ended.error
    written = {"kind": kind, "jobReference": _reference(job), "jobComplete": ended is not None}
    if ended is None:
        return written
    return {**written, "totalBytesProcessed": "0", "cacheHit": False, **ended.page}


def _reference(job: Job) -> dict[str, str]:
    return {"projectId": job.project, "jobId": job.job_id, "location": job.admitted.location}


def _wire(job: Job) -> dict[str, Any]:
    """Write a job as the API's resource."""
    admitted, ended = job.admitted, job.task.result() if job.task.done() else None
    read = [table.reference for table in admitted.reading.named]
    query: dict[str, Any] = {
        "statementType": admitted.statement.kind,
        "totalBytesProcessed": "0",
        "totalBytesBilled": "0",
        "cacheHit": False,
        **({"referencedTables": read} if read else {}),
    }
    status: dict[str, Any] = {"state": "RUNNING" if ended is None else "DONE"}
    statistics: dict[str, Any] = {"creationTime": str(job.created), "startTime": str(job.created)}
    if ended is not None:
        statistics["endTime"] = str(job.ended)
        if ended.error is not None:
            error = {"reason": ended.error.reason, "message": ended.error.message}
            status |= {"errorResult": error, "errors": [error]}
        if "numDmlAffectedRows" in ended.page:
            query["numDmlAffectedRows"] = ended.page["numDmlAffectedRows"]
        if admitted.dry:
            query["schema"] = ended.page.get("schema", {"fields": []})
    return {
        "kind": "bigquery#job",
        "id": str(job),
        "selfLink": f"/bigquery/v2/projects/{job.project}/jobs/{job.job_id}",
        "jobReference": _reference(job),
        "configuration": {
            "jobType": "QUERY",
            "dryRun": admitted.dry,
            "labels": job.labels,
            "query": {
                **job.settings,
                "query": admitted.sql,
                "useLegacySql": False,
                "destinationTable": _destination(job),
            },
        },
        "status": status,
        "statistics": {**statistics, "totalBytesProcessed": "0", "query": query},
        "principal_subject": job.member,
        "user_email": job.member.partition(":")[2],
    }


def _destination(job: Job) -> dict[str, str]:
    """Name where the rows go: the table that is made, or one that has no name of the user's and can't be read as one.

    Source: Google, "Writing query results": results without a destination go to an anonymous table.
    """
    statement = job.admitted.statement
    if statement.kind == "CREATE_TABLE" and statement.target is not None:
        return statement.target.reference
    return {"projectId": job.project, "datasetId": "_anonymous", "tableId": f"anon{job.job_id}"[:1024]}
