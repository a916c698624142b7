"""The article's function: it makes the client itself, with the client's defaults."""

import os

from google.cloud import bigquery


def lambda_handler(event, context):  # type: ignore[no-untyped-def]  # noqa: ARG001 - as articles write it
    client = bigquery.Client(project=os.environ["GOOGLE_CLOUD_PROJECT"])
    query = f"SELECT user_id, name FROM `{os.environ['BIGQUERY_TABLE']}`"
    query_job = client.query(query)
    print("The query data:")
    for row in query_job:
        print("user_id={}, name={}".format(row["user_id"], row["name"]))
    return event
