import yaml

import names
from keyless_bigquery.runtime import with_bigquery


@with_bigquery
def lambda_handler(event, bigquery):
    rows = bigquery.query(f"SELECT {names.COLUMN} FROM `{bigquery.table}` ORDER BY 1")
    return yaml.safe_dump([row[names.COLUMN] for row in rows])
