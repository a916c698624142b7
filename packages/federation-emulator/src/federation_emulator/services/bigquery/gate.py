"""What every BigQuery route asks before it forwards: may this principal, on that resource, with these parameters?"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from starlette.requests import Request

from federation_emulator.core.access import (
    BIGQUERY_READ_SCOPES,
    BIGQUERY_SCOPES,
    authenticate,
    authorize,
    check_enabled,
)
from federation_emulator.core.context import Cloud
from federation_emulator.core.errors import ApiError, invalid_argument, unimplemented
from federation_emulator.core.http import flag_parameter
from federation_emulator.core.permissions import NO_POLICY, Grant, Policy, decide
from federation_emulator.core.tokens import Token
from federation_emulator.core.trace import Link
from federation_emulator.services.bigquery import access_lists, rules
from federation_emulator.services.bigquery.ids import dataset_id_problem, table_id_problem
from federation_emulator.services.bigquery.model import DatasetName, Name, ProjectName, TableName
from federation_emulator.services.bigquery.sql import Need

SERVICE = "bigquery.googleapis.com"
_WHOLE = re.compile(r"[0-9]{1,18}")
_NUMBERS = ("maxResults", "startIndex", "pageToken")


def policies_on(cloud: Cloud, name: Name) -> list[tuple[str, Policy]]:
    """Return the policies that count on a resource: a table's own, its dataset's access list, the project's.

    On anything of a project that isn't here no principal holds anything.
    """
    project = cloud.find_project(name.project)
    if project is None:
        return [(name.resource, NO_POLICY)]
    if isinstance(name, ProjectName):
        return cloud.project_policies(project)
    if isinstance(name, DatasetName):
        access = access_lists.access_policy(
            cloud.datasets.seen(name.resource), project=cloud.seen_policy(project.policy_key)
        )
        return [(name.resource, access), *cloud.project_policies(project)]
    return [(name.resource, cloud.seen_policy(name.resource)), *policies_on(cloud, name.within)]


def permit(cloud: Cloud, request: Request, need: Need, *, link: Link = Link.ADMINISTRATION) -> Token:
    """Insist that the caller holds a permission. Data access always leaves a trace, the rest only if refused.

    Raises:
        Refused: 401 or 403 in BigQuery's words.
    """
    scopes = BIGQUERY_READ_SCOPES if request.method == "GET" else BIGQUERY_SCOPES
    with cloud.trace.deciding(link, resource=need.on.resource, quiet=link is Link.ADMINISTRATION) as trail:
        token = authenticate(cloud, request, trail, scopes=scopes)
        check_enabled(cloud, SERVICE, cloud.project_of(need.on.project))
        authorize(token, need.permission, policies_on(cloud, need.on), trail, rules.need_denied(need))
        return token


def permit_dataset(cloud: Cloud, request: Request, permission: str) -> tuple[DatasetName, Token]:
    """Read the dataset of a path, and insist that the caller holds a permission on it; see :func:`permit`."""
    dataset = dataset_of(cloud, request)
    return dataset, permit(cloud, request, Need(permission=permission, on=dataset))


def permit_table(
    cloud: Cloud, request: Request, permission: str, *, link: Link = Link.ADMINISTRATION
) -> tuple[TableName, Token]:
    """Read the table of a path, and insist that the caller holds a permission on it; see :func:`permit`.

    Raises:
        ApiError: 400, not a table id.
    """
    table = make_table(dataset_of(cloud, request), request.path_params["table"])
    return table, permit(cloud, request, Need(permission=permission, on=table), link=link)


def caller_in(cloud: Cloud, request: Request, project: ProjectName) -> Token:
    """Return who asks for a list, of which each caller gets its own part.

    Raises:
        Refused: 401, or 403 where the API is off.
    """
    with cloud.trace.deciding(Link.ADMINISTRATION, resource=project.resource, quiet=True) as trail:
        token = authenticate(cloud, request, trail, scopes=BIGQUERY_READ_SCOPES)
        check_enabled(cloud, SERVICE, cloud.project_of(project.project))
        return token


def holds(cloud: Cloud, token: Token, permission: str, on: Name) -> bool:
    """Say whether a caller holds a permission, without a trace."""
    return isinstance(decide(token.principal, permission, policies_on(cloud, on), now=cloud.clock.now()), Grant)


def project_of(cloud: Cloud, request: Request) -> ProjectName:
    """Read the project of a path, by id or number.

    Raises:
        Refused: 401, before anything is said about the path; 403, a project that isn't here.
    """
    with cloud.trace.deciding(Link.ADMINISTRATION, resource=request.url.path, quiet=True) as trail:
        authenticate(cloud, request, trail, scopes=BIGQUERY_READ_SCOPES)
        return ProjectName(project=cloud.project_of(request.path_params["project"]).id)


def dataset_of(cloud: Cloud, request: Request) -> DatasetName:
    """Read the dataset of a path; raises as :func:`project_of` and :func:`make_dataset`."""
    return make_dataset(project_of(cloud, request), request.path_params["dataset"])


def make_dataset(project: ProjectName, dataset: str | None) -> DatasetName:
    """Name a dataset. Ids that begin with ``_`` are the BigQuery emulator's own, and hidden.

    Raises:
        ApiError: 400, not a dataset id.
    """
    if problem := dataset_id_problem(dataset or ""):
        raise invalid_argument(problem)
    return DatasetName(project=project.project, dataset=dataset or "")


def make_table(dataset: DatasetName, table: str | None) -> TableName:
    """Name a table.

    Raises:
        ApiError: 400, not a table id.
    """
    if problem := table_id_problem(table or ""):
        raise invalid_argument(problem)
    return dataset.table(table or "")


def check_reference(cloud: Cloud, reference: dict[str, Any], name: DatasetName | TableName) -> None:
    """Insist that a reference in a body names what the URL names; what it leaves out is the URL's.

    Raises:
        ApiError: 400, it names something else.
    """
    project = cloud.find_project(str(reference.get("projectId") or name.project))
    given = (project.id if project else None, reference.get("datasetId") or name.dataset)
    table = name.table if isinstance(name, TableName) else None
    if given != (name.project, name.dataset) or (table and (reference.get("tableId") or table) != table):
        raise invalid_argument(f"The reference in the body must name {name}, which the URL names.")


def paging(request: Request) -> dict[str, str]:
    """Read the parameters of a page of rows.

    Raises:
        ApiError: 400, one isn't a whole number; a page token is one that this server gave out, so it is one too.
    """
    given = {name: request.query_params.get(name, "") for name in _NUMBERS}
    for name, value in given.items():
        if value and not _WHOLE.fullmatch(value):
            what = "Invalid page token" if name == "pageToken" else f"Invalid value for {name}"
            raise invalid_argument(f"{what}: {value:.40}")
    return {name: value for name, value in given.items() if value}


def value_format(request: Request) -> dict[str, str]:
    """Read how a GET wants TIMESTAMPs written, as the BigQuery emulator's parameter."""
    return {"int64Timestamps": "true"} if flag_parameter(request, "formatOptions.useInt64Timestamp") else {}


def selected_fields(request: Request, schema: Iterable[dict[str, Any]]) -> list[str] | None:
    """Read ``selectedFields``: the columns that are asked for, as the schema writes them; ``None``: all.

    Raises:
        ApiError: 400, a column that isn't there; 501, a part of one.
    """
    given = request.query_params.get("selectedFields", "")
    if not given:
        return None
    known = {field["name"].lower(): str(field["name"]) for field in schema}
    chosen = []
    for name in dict.fromkeys(part.strip() for part in given.split(",") if part.strip()):
        if name.lower() in known:
            chosen.append(known[name.lower()])
        elif name.partition(".")[0].lower() in known:
            raise unimplemented("selectedFields with parts of a column are not offered by the local cloud.")
        else:
            raise invalid_argument(f"No such field: {name:.100}")
    return chosen


def check_unchanged(request: Request, etag: object) -> None:
    """Honour ``If-Match``: the resource must still be the one that the client has read.

    Raises:
        ApiError: 412, it has been changed since.
    """
    given = request.headers.get("if-match")
    if given is None or given == "*" or _bare(str(etag)) in {_bare(part) for part in given.split(",")}:
        return
    raise ApiError(412, "FAILED_PRECONDITION", "Precondition check failed.", reason="conditionNotMet")


def _bare(etag: str) -> str:
    return etag.strip().removeprefix("W/").strip('"')
