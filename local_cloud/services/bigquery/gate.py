"""The questions that every BigQuery route asks before it forwards: may this principal, on that resource?"""

from __future__ import annotations

import re

from starlette.requests import Request

from local_cloud.access import BIGQUERY_READ_SCOPES, BIGQUERY_SCOPES, authenticate, authorize, check_enabled
from local_cloud.context import Cloud
from local_cloud.errors import invalid_argument
from local_cloud.permissions import Policy
from local_cloud.services.bigquery import rules
from local_cloud.services.bigquery.model import TableName
from local_cloud.services.bigquery.sql import Need
from local_cloud.tokens import Token
from local_cloud.trace import Link

SERVICE = "bigquery.googleapis.com"
DEFAULT_LOCATION = "US"
_DATASET = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]{0,1023}")
_TABLE = re.compile(r"[^\W][\w -]{0,1023}")


def table_policies(cloud: Cloud, table: TableName) -> list[tuple[str, Policy]]:
    """Return the policies that count on a table: its own, its dataset's access list, the project's."""
    return [(table.resource, cloud.seen_policy(table.resource)), *dataset_policies(cloud, table.dataset)]


def dataset_policies(cloud: Cloud, dataset: str) -> list[tuple[str, Policy]]:
    """Return the policies that count on a dataset: its access list, then the project's."""
    name = f"{cloud.project_name}/datasets/{dataset}"
    access = rules.access_policy(cloud.datasets.seen(dataset), cloud.seen_policy(cloud.project_name))
    return [(name, access), *cloud.project_policies()]


def policies_for(cloud: Cloud, need: Need) -> list[tuple[str, Policy]]:
    """Return the policies that count for a need."""
    if need.table is not None:
        return table_policies(cloud, need.table)
    return dataset_policies(cloud, need.dataset) if need.dataset else cloud.project_policies()


def permit(cloud: Cloud, request: Request, need: Need, *, link: Link = Link.ADMINISTRATION) -> Token:
    """Insist that the caller holds a permission. Data access always leaves a trace, the rest only if refused.

    Raises:
        Refused: 401 or 403 in BigQuery's words.
    """
    if need.table is not None:
        resource = need.table.resource
    else:
        resource = f"{cloud.project_name}/datasets/{need.dataset}" if need.dataset else cloud.project_name
    scopes = BIGQUERY_READ_SCOPES if request.method == "GET" else BIGQUERY_SCOPES
    with cloud.trace.deciding(link, resource=resource, quiet=link is Link.ADMINISTRATION) as trail:
        token = authenticate(cloud, request, trail, scopes=scopes)
        check_enabled(cloud, SERVICE)
        denied = rules.need_denied(need, cloud.config.project_id)
        authorize(token, need.permission, policies_for(cloud, need), trail, denied)
        return token


def dataset_of(cloud: Cloud, request: Request) -> str:
    """Read the dataset id of a path. Ids that begin with ``_`` are the warehouse's own, and hidden.

    Raises:
        Refused: 401, before anything is said about the path.
        ApiError: 400, not a dataset id; 403, another project.
    """
    with cloud.trace.deciding(Link.ADMINISTRATION, resource=request.url.path, quiet=True) as trail:
        authenticate(cloud, request, trail, scopes=BIGQUERY_READ_SCOPES)
    cloud.check_project(request.path_params["project"])
    return check_dataset_id(request.path_params["dataset"])


def check_dataset_id(dataset: object) -> str:
    """Insist on BigQuery's form of a dataset id.

    Raises:
        ApiError: 400, with the rule.
    """
    if not isinstance(dataset, str) or not _DATASET.fullmatch(dataset):
        raise invalid_argument(
            f'Invalid dataset ID "{dataset!s:.100}". Dataset IDs must be alphanumeric (plus underscores), must not '
            "begin with an underscore and must be at most 1024 characters long."
        )
    return dataset


def table_of(cloud: Cloud, request: Request) -> TableName:
    """Read the table of a path.

    Raises:
        Refused: 401, before anything is said about the path.
        ApiError: 400, not a table id; 403, another project.
    """
    dataset = dataset_of(cloud, request)
    return make_table(cloud, dataset, request.path_params["table"])


def make_table(cloud: Cloud, dataset: str, table: object) -> TableName:
    """Name a table, its id checked.

    Raises:
        ApiError: 400, with the rule.
    """
    if not isinstance(table, str) or not _TABLE.fullmatch(table):
        raise invalid_argument(
            f'Invalid table ID "{table!s:.100}". Table IDs must be letters, digits, underscores, spaces or dashes.'
        )
    return TableName(project=cloud.config.project_id, dataset=dataset, table=table)
