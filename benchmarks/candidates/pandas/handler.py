"""The usual handler of those who want a data frame."""

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
    # Without gRPC's storage API, which the reader has no right to use, and the local cloud does not serve.
    frame = client.query(query).to_dataframe(create_bqstorage_client=False)
    print("The query data:")
    print(frame.to_string(index=False))
    return event
