"""Routes of queries and jobs. A job is admitted first, and then forwarded."""

from __future__ import annotations

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from local_cloud.access import BIGQUERY_READ_SCOPES, authenticate, authorize, check_enabled
from local_cloud.clock import rfc3339
from local_cloud.context import Cloud
from local_cloud.errors import ApiError, already_exists, invalid_argument, not_found
from local_cloud.http import answer, object_field, page, read_json
from local_cloud.permissions import Grant, decide
from local_cloud.services.bigquery import effects, rules, warehouse
from local_cloud.services.bigquery.admission import Admitted, admit
from local_cloud.services.bigquery.alterations import one_by_one
from local_cloud.services.bigquery.gate import SERVICE, policies_on, project_of
from local_cloud.services.bigquery.model import Job, ProjectName
from local_cloud.services.bigquery.parameters import paging
from local_cloud.tokens import Token
from local_cloud.trace import Link

MOST_JOBS = 2000
_JOB_ID = re.compile(r"[A-Za-z0-9_-]{1,1024}")


async def run_query(cloud: Cloud, request: Request) -> Response:
    """``POST …/queries``: one round trip, rows in the answer."""
    query = await read_json(request)
    job = await admit(cloud, request, query)
    statements = one_by_one(job.sql, job.statement.kind)
    for sql in statements[:1] if query.get("dryRun") else statements:
        body = {**_forwarded(query), "query": sql}
        path = f"{job.payer.resource}/queries"
        reply = await warehouse.ask(cloud, "POST", path, body=body, writes=job.statement.writes)
        if reply.get("errors"):
            raise _failed(reply["errors"])
    if not query.get("dryRun"):
        await effects.apply(cloud, job.statement, job.creator)
    reference = {**object_field(reply, "jobReference"), "projectId": job.payer.project, "location": job.location}
    if job_id := reference.get("jobId"):
        _remember(cloud, str(job_id), job)
    return answer({**reply, "jobReference": reference})


async def insert_job(cloud: Cloud, request: Request) -> Response:
    """``POST …/jobs``: query jobs only."""
    body = await read_json(request)
    configuration = object_field(body, "configuration")
    query = object_field(configuration, "query")
    settings = {**query, "location": object_field(body, "jobReference").get("location")}
    settings["dryRun"] = bool(configuration.get("dryRun"))
    job = await admit(cloud, request, settings, configuration)
    forwarded = {
        "jobReference": {"projectId": job.payer.project, "location": job.location, **_reference(cloud, body, job)},
        "configuration": {
            "query": {**_forwarded(query), "query": job.sql},
            "dryRun": settings["dryRun"],
            "labels": object_field(configuration, "labels"),
        },
    }
    path = f"{job.payer.resource}/jobs"
    reply = await warehouse.ask(cloud, "POST", path, body=forwarded, writes=job.statement.writes)
    if not settings["dryRun"] and not object_field(reply, "status").get("errorResult"):
        await effects.apply(cloud, job.statement, job.creator)
    remembered = _remember(cloud, str(object_field(reply, "jobReference").get("jobId")), job)
    return answer(_wire(reply, remembered))


async def get_job(cloud: Cloud, request: Request) -> Response:
    """``GET …/jobs/JOB``, for its creator or an administrator."""
    job = _own_job(cloud, request, "bigquery.jobs.get")
    return answer(_wire(await warehouse.ask(cloud, "GET", _path(job)), job))


async def get_query_results(cloud: Cloud, request: Request) -> Response:
    """``GET …/queries/JOB``: rows, for the job's creator or an administrator. Streamed.

    Source: Google, "BigQuery IAM roles and permissions": ``bigquery.jobs.get`` gets data and metadata of any job.
    """
    job = _own_job(cloud, request, "bigquery.jobs.get")
    return await warehouse.stream(cloud, f"projects/{job.project}/queries/{job.job_id}", params=paging(request))


async def cancel_job(cloud: Cloud, request: Request) -> Response:
    """``POST …/jobs/JOB/cancel``: every job here is done before it can be cancelled."""
    job = _own_job(cloud, request, "bigquery.jobs.update")
    found = await warehouse.ask(cloud, "GET", _path(job))
    return answer({"kind": "bigquery#jobCancelResponse", "job": _wire(found, job)})


async def list_jobs(cloud: Cloud, request: Request) -> Response:
    """``GET …/jobs``: one's own jobs; with ``bigquery.jobs.listAll`` and ``allUsers`` everybody's."""
    project = project_of(cloud, request)
    with cloud.trace.deciding(Link.ADMINISTRATION, resource=project.resource, quiet=True) as trail:
        token = authenticate(cloud, request, trail, scopes=BIGQUERY_READ_SCOPES)
        check_enabled(cloud, SERVICE, cloud.project_of(project.project))
    verdict = decide(token.principal, "bigquery.jobs.listAll", policies_on(cloud, project), now=cloud.clock.now())
    everybody = request.query_params.get("allUsers", "").lower() == "true" and isinstance(verdict, Grant)
    shown = [
        job
        for job in cloud.jobs.values()
        if job.project == project.project and (everybody or job.creator == _creator(token))
    ]
    if request.query_params.get("parentJobId"):
        shown = []  # scripts alone have children
    cut = page(request, [{"id": job.job_id} for job in reversed(shown)], key="jobs", size="maxResults")
    jobs = []
    for entry in cut.get("jobs", []):
        job = cloud.jobs.get(entry["id"])
        try:
            if job is not None:
                jobs.append(_wire(await warehouse.ask(cloud, "GET", _path(job)), job))
        except ApiError as problem:
            if problem.code != 404:
                raise
    return answer({**cut, "kind": "bigquery#jobList", "jobs": jobs})


def _own_job(cloud: Cloud, request: Request, permission: str) -> Job:
    """Find the job of a path, for its creator or for who holds the permission."""
    job_id, project = str(request.path_params["job"])[:1024], project_of(cloud, request)
    with cloud.trace.deciding(Link.ADMINISTRATION, resource=f"job {job_id}", quiet=True) as trail:
        token = authenticate(cloud, request, trail, scopes=BIGQUERY_READ_SCOPES)
        check_enabled(cloud, SERVICE, cloud.project_of(project.project))
        job = cloud.jobs.get(job_id)
        if job is not None and job.project != project.project:
            job = None
        if job is None or job.creator != _creator(token):
            denied = rules.foreign_job_denied(permission, str(job or f"{project}:{job_id}"))
            authorize(token, permission, policies_on(cloud, project), trail, denied)
        location = request.query_params.get("location") or ""
        if job is None or location.lower() not in {"", job.location.lower()}:
            raise not_found(f"Not found: Job {project}:{f'{location:.64}.' if location else ''}{job_id}")
    return job


def _creator(token: Token) -> str:
    # The unique id too: an account made later under the same e-mail is another one.
    return f"{token.principal.member} {token.principal.unique_id}".strip()


def _remember(cloud: Cloud, job_id: str, admitted: Admitted) -> Job:
    surplus = list(cloud.jobs)[: max(0, len(cloud.jobs) - MOST_JOBS + 1)]
    cloud.jobs.remove(*surplus)
    job = Job(
        job_id=job_id,
        project=admitted.payer.project,
        location=admitted.location,
        creator=_creator(admitted.creator),
        member=admitted.creator.principal.member,
        created=rfc3339(cloud.clock.now()),
        decision=admitted.decision,
        reads=admitted.reading.named,
    )
    cloud.jobs.put(job_id, job)
    return job


def _reference(cloud: Cloud, body: dict[str, Any], job: Admitted) -> dict[str, str]:
    job_id = object_field(body, "jobReference").get("jobId")
    if job_id is None:
        return {}
    if not isinstance(job_id, str) or not _JOB_ID.fullmatch(job_id):
        raise invalid_argument(f"Invalid job ID {job_id!r:.80}: letters, digits, underscores and dashes only.")
    if cloud.jobs.get(job_id) is not None:
        raise already_exists(f"Already Exists: Job {job.payer}:{job.location}.{job_id}")
    return {"jobId": job_id}


def _path(job: Job) -> str:
    return f"{ProjectName(project=job.project).resource}/jobs/{job.job_id}"


def _wire(resource: dict[str, Any], job: Job) -> dict[str, Any]:
    """Add to the warehouse's answer what it doesn't know: where the job runs, who made it, and what it reads."""
    reference = {"projectId": job.project, "jobId": job.job_id, "location": job.location}
    statistics = object_field(resource, "statistics")
    query = object_field(statistics, "query")
    read = [{"projectId": t.project, "datasetId": t.dataset, "tableId": t.table} for t in job.reads]
    return {
        **resource,
        "id": str(job),
        "jobReference": reference,
        "principal_subject": job.member,
        "user_email": job.member.partition(":")[2],
        "statistics": {**statistics, "query": {**query, **({"referencedTables": read} if read else {})}},
    }


def _forwarded(query: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in query.items() if key in rules.QUERY_FIELDS and key != "defaultDataset"}


def _failed(errors: object) -> ApiError:
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    reason, message = str(first.get("reason") or "invalidQuery"), str(first.get("message") or "The query failed.")
    if reason == "notFound":
        return not_found(message)
    return invalid_argument(message, reason=reason)
