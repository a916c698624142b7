"""The function: prints the rows of the table, as many as there are."""

from keyless_bigquery.runtime import BigQueryReader, with_bigquery


@with_bigquery
def lambda_handler(event: object, bigquery: BigQueryReader) -> object:
    """Prints the columns that the stack's settings name, and returns the event."""
    columns = ", ".join(f"`{column}`" for column in bigquery.columns)
    rows = bigquery.query(f"SELECT {columns} FROM `{bigquery.table}`")
    print("The query data:")
    rows.print()
    return event
