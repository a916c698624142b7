"""A function that makes the client itself, and returns all of the table."""

import os

from google.cloud import bigquery


def lambda_handler(event, context):  # type: ignore[no-untyped-def]  # noqa: ARG001 - as articles write it
    rows = bigquery.Client().query(f"SELECT * FROM `{os.environ['BIGQUERY_TABLE']}` ORDER BY 1")
    return [list(row.values()) for row in rows]
