"""The usual article's handler: the client's defaults, a job that is polled, a client for each invocation."""

from __future__ import annotations

import os

from google.cloud import bigquery


def lambda_handler(event: object, context: object) -> object:
    """Prints the rows of the table and returns ``event``."""
    del context
    # Its address is the only thing that such articles leave to the client: there it is Google's own.
    address = {"api_endpoint": os.environ["BIGQUERY_EMULATOR_HOST"]}
    client = bigquery.Client(project=os.environ["GOOGLE_CLOUD_PROJECT"], client_options=address)
    query = f"SELECT user_id, name FROM `{os.environ['BIGQUERY_TABLE']}`"  # noqa: S608 - as such articles write it
    job = client.query(query)
    print("The query data:")
    for row in job:
        print(f"user_id={row['user_id']}, name={row['name']}")
    return event
