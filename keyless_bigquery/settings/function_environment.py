"""What the function is told: its environment variables, under the names by which it reads them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from keyless_bigquery.runtime import environment
from keyless_bigquery.trust.trust import CREDENTIAL_CONFIGURATION_FILE, GoogleEndpoints

T = TypeVar("T")


def variables(
    *,
    project: str,
    table: T,
    tables: T | None = None,
    columns: Sequence[str],
    location: str,
    maximum_bytes_billed: int,
    endpoints: GoogleEndpoints,
    handler: str = environment.DEFAULT_HANDLER,
    own: Mapping[str, str] | None = None,
) -> dict[str, str | T]:
    """The variables of one reader's function.

    Args:
        project: Project that pays for queries.
        table: The table that it reads, as ``project.dataset.table``; perhaps not known yet.
        tables: All that it may read, that table first, joined by commas; ``None``: that table alone.
        columns: Names of the columns that it selects.
        location: BigQuery location of the table.
        maximum_bytes_billed: Most bytes that one query may bill.
        endpoints: Where it finds Google's APIs.
        handler: The function that is called, as ``module.function``.
        own: The user's own variables, none of them under a name of these.
    """
    told: dict[str, str | T] = {
        # A relative path: Lambda starts the function in the folder that holds its package.
        environment.CREDENTIALS_FILE: CREDENTIAL_CONFIGURATION_FILE,
        environment.PROJECT: project,
        environment.TABLE: table,
        environment.COLUMNS: ",".join(columns),
        environment.LOCATION: location,
        environment.MAXIMUM_BYTES_BILLED: str(maximum_bytes_billed),
    }
    if tables is not None:
        told[environment.TABLES] = tables
    if endpoints.base_url is not None:
        told[environment.API_ENDPOINT] = endpoints.url("bigquery", "")
    if handler != environment.DEFAULT_HANDLER:
        told[environment.HANDLER] = handler
    return {**told, **(own or {})}
