"""Routes of queries and jobs: permission to create a job, then permission on every table, then forwarding."""

from __future__ import annotations

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from local_cloud.access import BIGQUERY_READ_SCOPES, BIGQUERY_SCOPES, authenticate, authorize, check_enabled
from local_cloud.clock import rfc3339
from local_cloud.context import Cloud
from local_cloud.errors import ApiError, already_exists, invalid_argument, not_found, unimplemented
from local_cloud.http import answer, object_field, page, read_json
from local_cloud.permissions import CREATE_JOB, GET_DATA, NO_POLICY, Grant, decide
from local_cloud.services.bigquery import effects, rules, warehouse
from local_cloud.services.bigquery.alterations import one_by_one
from local_cloud.services.bigquery.gate import (
    DEFAULT_LOCATION,
    SERVICE,
    policies_for,
    table_policies,
)
from local_cloud.services.bigquery.model import Job, TableName
from local_cloud.services.bigquery.sql import Statement, UnreadableSqlError, analyse
from local_cloud.tokens import Token
from local_cloud.trace import Link, Part, Refusal, Refused

MOST_JOBS = 2000
_JOB_ID = re.compile(r"[A-Za-z0-9_-]{1,1024}")
_PAGING = ("maxResults", "startIndex", "pageToken", "fields", "formatOptions.useInt64Timestamp")


async def run_query(cloud: Cloud, request: Request) -> Response:
    """``POST …/queries``: one round trip, rows in the answer."""
    query = await read_json(request)
    statement, creator, decision, location = await _permit_job(cloud, request, query)
    forwarded = _forwarded(query)
    statements = one_by_one(str(forwarded["query"]), statement.kind)
    for sql in statements[:1] if query.get("dryRun") else statements:
        body = {**forwarded, "query": sql}
        path = f"{cloud.project_name}/queries"
        reply = await warehouse.ask(cloud, "POST", path, body=body, writes=statement.writes)
        if reply.get("errors"):
            raise _failed(reply["errors"])
    if not query.get("dryRun"):
        await effects.apply(cloud, statement, creator)
    reference = {**object_field(reply, "jobReference"), "projectId": cloud.config.project_id, "location": location}
    if job_id := reference.get("jobId"):
        _remember(cloud, str(job_id), creator, decision)
    return answer({**reply, "jobReference": reference})


async def insert_job(cloud: Cloud, request: Request) -> Response:
    """``POST …/jobs``: query jobs only."""
    body = await read_json(request)
    configuration = object_field(body, "configuration")
    query = object_field(configuration, "query")
    settings = {**query, "location": object_field(body, "jobReference").get("location")}
    settings["dryRun"] = bool(configuration.get("dryRun"))
    statement, creator, decision, location = await _permit_job(cloud, request, settings, configuration)
    reference = _reference(cloud, body)
    forwarded = {
        "jobReference": {"projectId": cloud.config.project_id, "location": location, **reference},
        "configuration": {
            "query": _forwarded(query),
            "dryRun": settings["dryRun"],
            "labels": object_field(configuration, "labels"),
        },
    }
    reply = await warehouse.ask(cloud, "POST", f"{cloud.project_name}/jobs", body=forwarded, writes=statement.writes)
    done = object_field(reply, "status")
    if not settings["dryRun"] and not done.get("errorResult"):
        await effects.apply(cloud, statement, creator)
    answered = {**object_field(reply, "jobReference"), "projectId": cloud.config.project_id, "location": location}
    if job_id := answered.get("jobId"):
        _remember(cloud, str(job_id), creator, decision)
    return answer({**reply, "jobReference": answered})


async def get_job(cloud: Cloud, request: Request) -> Response:
    """``GET …/jobs/JOB``, for its creator or an administrator."""
    job_id = _own_job(cloud, request, "bigquery.jobs.get")
    return await warehouse.stream(cloud, f"{cloud.project_name}/jobs/{job_id}", params={})


async def get_query_results(cloud: Cloud, request: Request) -> Response:
    """``GET …/queries/JOB``: rows, for the job's creator or an administrator. Streamed."""
    job_id = _own_job(cloud, request, "bigquery.jobs.get")
    params = {key: value for key, value in request.query_params.items() if key in _PAGING and value}
    return await warehouse.stream(cloud, f"{cloud.project_name}/queries/{job_id}", params=params)


async def cancel_job(cloud: Cloud, request: Request) -> Response:
    """``POST …/jobs/JOB/cancel``: every job here is done before it can be cancelled."""
    job_id = _own_job(cloud, request, "bigquery.jobs.update")
    return answer({"job": await warehouse.ask(cloud, "GET", f"{cloud.project_name}/jobs/{job_id}")})


async def list_jobs(cloud: Cloud, request: Request) -> Response:
    """``GET …/jobs``: one's own jobs; with ``bigquery.jobs.listAll`` and ``allUsers`` everybody's."""
    with cloud.trace.deciding(Link.ADMINISTRATION, resource=cloud.project_name, quiet=True) as trail:
        token = authenticate(cloud, request, trail, scopes=BIGQUERY_READ_SCOPES)
        check_enabled(cloud, SERVICE)
    cloud.check_project(request.path_params["project"])
    everybody = request.query_params.get("allUsers", "").lower() == "true" and isinstance(
        decide(token.principal, "bigquery.jobs.listAll", cloud.project_policies(), now=cloud.clock.now()), Grant
    )
    shown = [job.job_id for job in cloud.jobs.values() if everybody or job.creator == _creator(token)]
    cut = page(request, [{"id": job_id} for job_id in reversed(shown)], key="jobs", size="maxResults")
    jobs = []
    for entry in cut.get("jobs", []):
        try:
            jobs.append(await warehouse.ask(cloud, "GET", f"{cloud.project_name}/jobs/{entry['id']}"))
        except ApiError as problem:
            if problem.code != 404:
                raise
    return answer({**cut, "kind": "bigquery#jobList", "jobs": jobs})


async def _permit_job(
    cloud: Cloud, request: Request, query: dict[str, Any], configuration: dict[str, Any] | None = None
) -> tuple[Statement, Token, str, str]:
    """Decide the job, then each table it touches. Returns the statement, who asks, the decision and location."""
    with cloud.trace.deciding(Link.JOB, resource=cloud.project_name) as trail:
        token = authenticate(cloud, request, trail, scopes=BIGQUERY_SCOPES)
        check_enabled(cloud, SERVICE)
        payer = str(request.path_params["project"])
        if payer not in {cloud.config.project_id, cloud.config.project_number}:
            # Nobody holds anything on a project that isn't here, so it is refused as any other missing grant is.
            authorize(token, CREATE_JOB, [(f"projects/{payer:.100}", NO_POLICY)], trail, rules.job_denied(payer))
        authorize(token, CREATE_JOB, cloud.project_policies(), trail, rules.job_denied(cloud.config.project_id))
        _check_kind(configuration)
        sql = rules.check_query_fields(query)
        try:
            statement = analyse(sql, project=cloud.config.project_id)
        except UnreadableSqlError as problem:
            raise rules.unreadable(problem) from problem
        read = ", ".join(map(str, statement.reads)) or "no table"
        trail.passed(Part.REQUEST, f"the statement is understood: {statement.kind}", f"reads {read}")
    location = _location(query)
    base = await _permit_reads(cloud, token, statement.reads, parent=trail.id, location=location)
    for need in statement.needs:
        resource = policies_for(cloud, need)[0][0]
        with cloud.trace.deciding(
            Link.TABLE, resource=resource, principal=token.principal.member, parent=trail.id
        ) as needed:
            denied = rules.need_denied(need, cloud.config.project_id)
            authorize(token, need.permission, policies_for(cloud, need), needed, denied)
    rules.check_bytes_billed(query, base)
    return statement, token, trail.id, location or DEFAULT_LOCATION


def _check_kind(configuration: dict[str, Any] | None) -> None:
    if configuration is None:
        return
    known = {"query", "dryRun", "labels", "jobType", "jobTimeoutMs"}
    other = [key for key, value in configuration.items() if key not in known and value]
    if other or "query" not in configuration:
        raise unimplemented(f"Jobs of kind {(other or ['nothing'])[0]} are not offered by the local cloud: only query.")


async def _permit_reads(
    cloud: Cloud, token: Token, reads: tuple[TableName, ...], *, parent: str, location: str
) -> list[TableName]:
    """Decide every table that is read, views followed to what they select from. Returns the base tables."""
    waiting, seen, base = list(reads), set(reads), list[TableName]()
    for _ in range(1000):
        if not waiting:
            return base
        table = waiting.pop(0)
        with cloud.trace.deciding(
            Link.TABLE, resource=table.resource, principal=token.principal.member, parent=parent
        ) as trail:
            # A project that isn't ours has no policies here, so it falls out as any other missing grant does.
            policies = table_policies(cloud, table) if table.project == cloud.config.project_id else []
            authorize(
                token,
                GET_DATA,
                policies or [(table.resource, cloud.policy("nowhere"))],
                trail,
                rules.query_denied(table),
            )
            resource = await warehouse.find_table(cloud, table)
            await _check_there(cloud, table, resource, location)
            selected = _selected_by(cloud, table, resource or {})
        if selected is None:
            base.append(table)
        else:
            waiting += [name for name in selected if name not in seen]
            seen.update(selected)
    raise invalid_argument("The query reads too many tables and views.", reason="resourcesExceeded")


async def _check_there(cloud: Cloud, table: TableName, resource: dict[str, Any] | None, location: str) -> None:
    dataset = await warehouse.find_dataset(cloud, table.dataset)
    actual = str((dataset or {}).get("location") or DEFAULT_LOCATION)
    if dataset is None or (location and location.lower() != actual.lower()):
        error = rules.dataset_missing(table.project, table.dataset, location or DEFAULT_LOCATION)
    elif resource is None:
        error = rules.table_missing(table, actual)
    else:
        return
    raise Refused(
        Refusal(
            part=Part.REQUEST,
            rule="the table must exist in the location of the job",
            saw=error.message,
            wanted=f"{table} in {location or 'any location'}",
            mend="check the table's name, and set the job's location to the dataset's",
        ),
        error,
    )


def _selected_by(cloud: Cloud, table: TableName, resource: dict[str, Any]) -> tuple[TableName, ...] | None:
    """Return what a view selects from; ``None`` for a table."""
    kind, view = resource.get("type"), cloud.views.get(table.resource)
    if kind == "TABLE":
        return None
    if view is None or kind != "VIEW":
        problem = UnreadableSqlError("a table must be a plain table or a view made through this gateway", f"{kind}")
        raise rules.unreadable(problem)
    try:
        return analyse(view.query, project=table.project).reads
    except UnreadableSqlError as problem:
        raise rules.unreadable(problem) from problem


def _own_job(cloud: Cloud, request: Request, permission: str) -> str:
    job_id = str(request.path_params["job"])
    name = f"{cloud.config.project_id}:{job_id[:200]}"
    with cloud.trace.deciding(Link.ADMINISTRATION, resource=f"job {name}", quiet=True) as trail:
        token = authenticate(cloud, request, trail, scopes=BIGQUERY_READ_SCOPES)
        check_enabled(cloud, SERVICE)
        cloud.check_project(request.path_params["project"])
        job = cloud.jobs.get(job_id)
        if job is None or job.creator != _creator(token):
            authorize(token, permission, cloud.project_policies(), trail, rules.foreign_job_denied(permission, name))
        if job is None:
            raise not_found(f"Not found: Job {name}")
    return job_id


def _creator(token: Token) -> str:
    # The unique id too: an account made later under the same e-mail is another one.
    return f"{token.principal.member} {token.principal.unique_id}".strip()


def _remember(cloud: Cloud, job_id: str, token: Token, decision: str) -> None:
    surplus = list(cloud.jobs)[: max(0, len(cloud.jobs) - MOST_JOBS + 1)]
    cloud.jobs.remove(*surplus)
    now = rfc3339(cloud.clock.now())
    cloud.jobs.put(job_id, Job(job_id=job_id, creator=_creator(token), created=now, decision=decision))


def _reference(cloud: Cloud, body: dict[str, Any]) -> dict[str, str]:
    job_id = object_field(body, "jobReference").get("jobId")
    if job_id is None:
        return {}
    if not isinstance(job_id, str) or not _JOB_ID.fullmatch(job_id):
        raise invalid_argument(f"Invalid job ID {job_id!r:.80}: letters, digits, underscores and dashes only.")
    if cloud.jobs.get(job_id) is not None:
        raise already_exists(f"Already Exists: Job {cloud.config.project_id}:{job_id}")
    return {"jobId": job_id}


def _location(query: dict[str, Any]) -> str:
    location = query.get("location")
    return location if isinstance(location, str) and len(location) < 64 else ""


def _forwarded(query: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in query.items() if key in rules.QUERY_FIELDS and key != "defaultDataset"}


def _failed(errors: object) -> ApiError:
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    reason, message = str(first.get("reason") or "invalidQuery"), str(first.get("message") or "The query failed.")
    if reason == "notFound":
        return not_found(message)
    return invalid_argument(message, reason=reason)
