"""One statement that changes a table in several ways, as several that the warehouse can run. Pure."""

from __future__ import annotations


def one_by_one(sql: str, kind: str) -> list[str]:
    """Split ``ALTER TABLE … DROP COLUMN a, DROP COLUMN b``, as the gcp plugin drops columns.

    BigQuery changes all or nothing; the statements here run one after the other, and one that fails leaves what those
    before it did.

    Args:
        sql: A statement that was understood.
        kind: Its kind, as :class:`~local_cloud.services.bigquery.sql.Statement` has it.

    Returns:
        The statements; any other statement as it is.
    """
    if kind != "ALTER_TABLE":
        return [sql]
    # Imported here, as in ``sql``: only a server that meets SQL should pay for it.
    import sqlglot

    tree = sqlglot.parse_one(sql, dialect="bigquery")
    actions = tree.args.get("actions") or []
    if len(actions) < 2:
        return [sql]
    statements = []
    for action in actions:
        single = tree.copy()
        single.set("actions", [action.copy()])
        statements.append(single.sql(dialect="bigquery"))
    return statements
