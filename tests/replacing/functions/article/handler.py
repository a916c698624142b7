import os
from google.cloud import bigquery

def lambda_handler(event, context):
    client = bigquery.Client(project="local-keyless")

    query = """
        SELECT user_id, name FROM `local-keyless.keyless_local.users`
    """
    query_job = client.query(query)
    print("The query data:")
    for row in query_job:
        print("user_id={}, name={}".format(row["user_id"], row["name"]))

    return event
