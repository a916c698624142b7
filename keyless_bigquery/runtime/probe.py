"""An event that the library answers by itself: does the whole chain work, without a row and without the function?"""

from __future__ import annotations

from collections.abc import Mapping

from keyless_bigquery.runtime.bigquery_client import BigQueryReader

EVENT = {"keyless-bigquery": "probe"}
"""The event that asks for it."""


def asked(event: object) -> bool:
    """Whether an event is the probe: exactly it, and nothing besides."""
    return isinstance(event, Mapping) and event == EVENT


def answer(reader: BigQueryReader) -> dict[str, object]:
    """Exchanges a token, and has BigQuery plan a query of each table, which reads nothing and costs nothing.

    Returns:
        What was probed: ``{"keyless-bigquery": {"tables": […]}}``.

    Raises:
        Exception: As :meth:`BigQueryReader.query`; the tables before the failing one are fine.
    """
    for table in reader.tables:
        reader.plan(table)
    return {"keyless-bigquery": {"tables": list(reader.tables)}}
