"""An event that the library answers by itself: does the whole chain work, without a row and without the function?"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyless_bigquery.runtime.bigquery_client import BigQueryReader

EVENT = {"keyless-bigquery": "probe"}
"""The event that asks for it."""

_NEEDS_A_FILTER = "without a filter over column"
"""How BigQuery begins to refuse to plan a query of all rows of a table that requires a partition filter. It judges
access first. Source: BigQuery, "Querying partitioned tables"."""


def asked(event: object) -> bool:
    """Whether an event is the probe: exactly it, and nothing else in it."""
    return event == EVENT


def answer(_: object, reader: BigQueryReader) -> dict[str, object]:
    """Fetches a token, and has BigQuery plan a query of each table, which reads no row and costs nothing.

    Returns:
        What was probed: ``{"keyless-bigquery": {"tables": […], "filtered": […]}}``; ``filtered`` are those of the
        tables that a query without a filter on their partitions can't read, as the probe's is.

    Raises:
        Exception: As :meth:`BigQueryReader.query`, for the first table that can't be queried.
    """
    # Imported here: what sends the event needs no client.
    from google.api_core.exceptions import BadRequest

    filtered = []
    for table in reader.tables:
        try:
            reader.plan(table)
        except BadRequest as error:
            if _NEEDS_A_FILTER not in str(error):
                raise
            filtered.append(table)
    return {"keyless-bigquery": {"tables": list(reader.tables), "filtered": filtered}}
