"""The usual article's handler, of one who prints every column."""

from __future__ import annotations

import os

from google.cloud import bigquery


def lambda_handler(event: object, context: object) -> object:
    """Prints the rows of the table and returns ``event``."""
    del context
    address = {"api_endpoint": os.environ["BIGQUERY_EMULATOR_HOST"]}
    client = bigquery.Client(project=os.environ["GOOGLE_CLOUD_PROJECT"], client_options=address)
    job = client.query(f"SELECT * FROM `{os.environ['BIGQUERY_TABLE']}`")  # noqa: S608 - as such articles write it
    print("The query data:")
    for row in job:
        print(", ".join(f"{name}={value}" for name, value in row.items()))
    return event
