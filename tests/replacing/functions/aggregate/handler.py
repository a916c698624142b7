from keyless_bigquery.runtime import with_bigquery


@with_bigquery
def lambda_handler(event, bigquery):
    sql = f"SELECT name, COUNT(*) AS users FROM `{bigquery.table}` WHERE user_id >= @least GROUP BY name ORDER BY name"
    return bigquery.query(sql, {"least": event["least"]}).to_json()
