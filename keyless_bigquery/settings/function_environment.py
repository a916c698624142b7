"""What the function is configured with: its environment variables, under the names by which it reads them. Pure."""

from __future__ import annotations

from typing import TypeVar

from keyless_bigquery.runtime import environment
from keyless_bigquery.settings.reader_settings import ReaderSettings
from keyless_bigquery.settings.stack import StackSettings
from keyless_bigquery.trust.subject_tokens import AWS_OIDC
from keyless_bigquery.trust.trust import CREDENTIAL_CONFIGURATION_FILE

T = TypeVar("T")


def variables(settings: StackSettings, reader: ReaderSettings, *, table: T, tables: T | None) -> dict[str, str | T]:
    """The variables of one reader's function.

    Args:
        settings: The stack's settings.
        reader: The reader's. Its own variables have none of the names here but that of an endpoint of AWS STS, which
            the function's network may have.
        table: The table that it reads, as ``project.dataset.table``; perhaps not known yet.
        tables: All that it may read, that table first, joined by commas; ``None``: that table alone.
    """
    endpoints = reader.trust.endpoints
    given: dict[str, str | T] = {
        # A relative path: Lambda starts the function in the folder that holds its package.
        environment.CREDENTIALS_FILE: CREDENTIAL_CONFIGURATION_FILE,
        environment.PROJECT: settings.google_project,
        environment.TABLE: table,
        environment.COLUMNS: ",".join(column.name for column in reader.columns),
        environment.LOCATION: settings.bigquery_location,
        environment.MAXIMUM_BYTES_BILLED: str(settings.maximum_bytes_billed),
    }
    if tables is not None:
        given[environment.TABLES] = tables
    if endpoints.base_url is not None:
        given[environment.API_ENDPOINT] = endpoints.url("bigquery", "")
    if settings.aws_endpoint is not None and settings.subject_token == AWS_OIDC:
        given[environment.STS_ENDPOINT] = settings.aws_endpoint
    if reader.handler != environment.DEFAULT_HANDLER:
        given[environment.HANDLER] = reader.handler
    return {**given, **reader.environment}
