"""The questions that every BigQuery route asks before it forwards: may this principal, on that resource?"""

from __future__ import annotations

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
from federation_emulator.core.errors import invalid_argument
from federation_emulator.core.permissions import NO_POLICY, Policy
from federation_emulator.core.tokens import Token
from federation_emulator.core.trace import Link
from federation_emulator.services.bigquery import access_lists, rules
from federation_emulator.services.bigquery.ids import dataset_id_problem, table_id_problem
from federation_emulator.services.bigquery.model import DatasetName, Name, ProjectName, TableName
from federation_emulator.services.bigquery.sql import Need

SERVICE = "bigquery.googleapis.com"
DEFAULT_LOCATION = "US"


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


def project_of(cloud: Cloud, request: Request) -> ProjectName:
    """Read the project of a path, by id or number.

    Raises:
        Refused: 401, before anything is said about the path; 403, a project that isn't here.
    """
    with cloud.trace.deciding(Link.ADMINISTRATION, resource=request.url.path, quiet=True) as trail:
        authenticate(cloud, request, trail, scopes=BIGQUERY_READ_SCOPES)
        return ProjectName(project=cloud.project_of(request.path_params["project"]).id)


def dataset_of(cloud: Cloud, request: Request) -> DatasetName:
    """Read the dataset of a path. Ids that begin with ``_`` are the BigQuery emulator's own, and hidden.

    Raises:
        Refused: As :func:`project_of`.
        ApiError: 400, not a dataset id.
    """
    return make_dataset(project_of(cloud, request), request.path_params["dataset"])


def make_dataset(project: ProjectName, dataset: str | None) -> DatasetName:
    """Name a dataset, its id checked.

    Raises:
        ApiError: 400, with the rule.
    """
    if problem := dataset_id_problem(dataset or ""):
        raise invalid_argument(problem)
    return DatasetName(project=project.project, dataset=dataset or "")


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


def table_of(cloud: Cloud, request: Request) -> TableName:
    """Read the table of a path.

    Raises:
        Refused: As :func:`project_of`.
        ApiError: 400, not a table id.
    """
    return make_table(dataset_of(cloud, request), request.path_params["table"])


def make_table(dataset: DatasetName, table: str | None) -> TableName:
    """Name a table, its id checked.

    Raises:
        ApiError: 400, with the rule.
    """
    if problem := table_id_problem(table or ""):
        raise invalid_argument(problem)
    return dataset.table(table or "")
