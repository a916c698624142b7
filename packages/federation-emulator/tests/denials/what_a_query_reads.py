"""Queries by a reader of ``users`` that reach for the rows of ``secrets`` in some way; and statements that write."""

from __future__ import annotations

import secrets

from tests.denials.bigquery import EDITOR, VIEWER, add_access, grant, refused_table, sql
from tests.denials.case import Case, Step, both
from tests.denials.world import ALL_ROWS, World
from tests.emulator.chain import BIGQUERY_PATH, READER, make_table
from tests.emulator.google_server import PROJECT

_GRANT_SECRETS = grant(VIEWER, table="secrets")


def _make_view(world: World, query: str) -> None:
    """Make a view that the reader may read, and read it."""
    name = f"view_{secrets.token_hex(4)}"
    reference = {"projectId": PROJECT, "datasetId": world.chain.dataset, "tableId": name}
    body = {"tableReference": reference, "view": {"query": world.filled(query), "useLegacySql": False}}
    world.google.done("POST", world.chain.tables_path, body)
    grant(VIEWER, table=name)(world)
    world.table, world.sql = name, "SELECT * FROM {table}"


def _view(world: World) -> None:
    _make_view(world, "SELECT * FROM {secrets}")


def _view_of_a_view(world: World) -> None:
    _make_view(world, "SELECT * FROM {secrets}")
    _make_view(world, "SELECT * FROM {table}")


def _view_changed_later(world: World) -> None:
    _make_view(world, "SELECT * FROM {users}")
    assert world.walk().arrived
    view = {"query": world.chain.sql("SELECT * FROM {secrets}"), "useLegacySql": False}
    world.google.done("PATCH", world.table_path(world.table), {"view": view})


def _authorise_view(world: World) -> None:
    """Let the view read the dataset, for any reader of the view."""
    add_access(view={"projectId": PROJECT, "datasetId": world.chain.dataset, "tableId": world.table})(world)


def _one_of_two(world: World) -> None:
    """Two tables whose names begin alike, one of them granted."""
    prefix = f"part_{secrets.token_hex(4)}_"
    for number in (1, 2):
        make_table(world.google, world.chain.dataset, f"{prefix}{number}")
    grant(VIEWER, table=f"{prefix}1")(world)
    world.table, world.sql = f"{prefix}*", "SELECT name FROM {table}"


def _grant_the_other(world: World) -> None:
    grant(VIEWER, table=world.table.replace("*", "2"))(world)


def _with_table(role: str, text: str) -> Step:
    """A statement about a table that the reader has this role on."""
    return both(World.make_table, grant(role, table="{table}"), sql(text))


def _copy_to_its_own_dataset(world: World) -> None:
    """A dataset in which the reader may write, and a copy made there of a table that it may not read."""
    world.new_in = f"own_{secrets.token_hex(4)}"
    access = [{"role": "WRITER", "userByEmail": READER}]
    body = {"datasetReference": {"datasetId": world.new_in}, "access": access, "location": "US"}
    world.google.done("POST", f"{BIGQUERY_PATH}/datasets", body)
    world.sql = "CREATE TABLE {new} AS SELECT * FROM {secrets}"


def _reads_secrets(name: str, text: str) -> Case:
    return refused_table(f"another table {name}", sql(text), _GRANT_SECRETS)


def _writes(name: str, text: str) -> Case:
    return refused_table(
        name,
        _with_table(VIEWER, text),
        grant(EDITOR, table="{table}"),
        change="dataEditor on the table",
        permission="bigquery.tables.updateData",
        says="Permission bigquery.tables.updateData denied on table",
    )


_QUERIES = (
    _reads_secrets("by its name", "SELECT * FROM {secrets}"),
    _reads_secrets("without its project", "SELECT * FROM `{dataset}`.secrets"),
    _reads_secrets("through a join", "SELECT u.name FROM {users} u JOIN {secrets} s USING (user_id)"),
    _reads_secrets("through a comma", "SELECT u.name FROM {users} u, {secrets} s WHERE u.user_id = s.user_id"),
    _reads_secrets("in WHERE", "SELECT name FROM {users} WHERE user_id IN (SELECT user_id FROM {secrets})"),
    _reads_secrets("in EXISTS", "SELECT name FROM {users} WHERE EXISTS (SELECT 1 FROM {secrets})"),
    _reads_secrets("in a column", "SELECT (SELECT MAX(name) FROM {secrets}) FROM {users}"),
    _reads_secrets("in an array", "SELECT ARRAY(SELECT name FROM {secrets}) FROM {users}"),
    _reads_secrets(
        "in CASE", "SELECT CASE WHEN user_id > 0 THEN (SELECT MAX(name) FROM {secrets}) ELSE '' END FROM {users}"
    ),
    _reads_secrets(
        "in HAVING", "SELECT name FROM {users} GROUP BY name HAVING COUNT(*) <= (SELECT COUNT(*) FROM {secrets})"
    ),
    _reads_secrets("in ORDER BY", "SELECT name FROM {users} ORDER BY (SELECT COUNT(*) FROM {secrets})"),
    _reads_secrets("in UNION ALL", "SELECT * FROM {users} UNION ALL SELECT * FROM {secrets}"),
    _reads_secrets("in EXCEPT", "SELECT name FROM {users} EXCEPT DISTINCT SELECT name FROM {secrets}"),
    _reads_secrets("in WITH", "WITH t AS (SELECT * FROM {secrets}) SELECT * FROM t"),
    _reads_secrets(
        "in a WITH entry that is named like the granted one",
        "WITH users AS (SELECT * FROM {secrets}) SELECT u.* FROM {users} u, users",
    ),
    _reads_secrets("in a WITH entry that is not read", "WITH t AS (SELECT * FROM {secrets}) SELECT * FROM {users}"),
    refused_table("another table through a view", _view, _GRANT_SECRETS),
    refused_table(
        "another table through a view that is not authorised",
        _view,
        _authorise_view,
        change="the view in the dataset's access list",
    ),
    refused_table("another table through a view of a view", _view_of_a_view, _GRANT_SECRETS),
    refused_table("another table through a view that was changed after the grant", _view_changed_later, _GRANT_SECRETS),
    refused_table("a wildcard that stands for another table too", _one_of_two, _grant_the_other),
    refused_table(
        "the tables' names in INFORMATION_SCHEMA",
        sql("SELECT table_name FROM `{dataset}`.INFORMATION_SCHEMA.TABLES"),
        grant("roles/bigquery.metadataViewer"),
        change="`roles/bigquery.metadataViewer` on the project",
        permission="bigquery.tables.get",
    ),
    refused_table(
        "a table of another project",
        sql("SELECT * FROM `another-project.a_dataset.users`"),
        sql(ALL_ROWS),
        change="the table that is granted",
    ),
    refused_table(
        "a table that is not there",
        sql("SELECT * FROM `{dataset}.nothing`"),
        sql(ALL_ROWS),
        change="the table that is granted",
    ),
)

_STATEMENTS = (
    _writes("a reader that inserts", "INSERT INTO {table} (user_id, name) VALUES (9, 'x')"),
    _writes("a reader that updates", "UPDATE {table} SET name = 'x' WHERE user_id = 1"),
    _writes("a reader that deletes", "DELETE FROM {table} WHERE user_id = 1"),
    refused_table(
        "a reader that makes a copy",
        sql("CREATE TABLE {new} AS SELECT * FROM {users}"),
        add_access(role="WRITER", userByEmail=READER),
        change="WRITER on the dataset",
        permission="bigquery.tables.create",
        says="Permission bigquery.tables.create denied on dataset",
    ),
    refused_table("a writer that copies another table into its own dataset", _copy_to_its_own_dataset, _GRANT_SECRETS),
    refused_table(
        "a writer that inserts another table's rows",
        _with_table(EDITOR, "INSERT INTO {table} (user_id, name) SELECT user_id, name FROM {secrets}"),
        _GRANT_SECRETS,
    ),
    refused_table(
        "a writer that updates from another table",
        _with_table(EDITOR, "UPDATE {table} SET name = (SELECT MAX(name) FROM {secrets}) WHERE user_id = 1"),
        _GRANT_SECRETS,
    ),
    refused_table(
        "a writer that deletes what another table has",
        _with_table(EDITOR, "DELETE FROM {table} WHERE user_id IN (SELECT user_id FROM {secrets})"),
        _GRANT_SECRETS,
    ),
    refused_table(
        "a writer that merges another table",
        _with_table(
            EDITOR,
            "MERGE INTO {table} t USING {secrets} s ON t.name = s.name WHEN MATCHED THEN UPDATE SET name = s.name",
        ),
        _GRANT_SECRETS,
    ),
)


CASES = (*_QUERIES, *_STATEMENTS)
