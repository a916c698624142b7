"""Statements that two readers of SQL once read in two ways: the one that decided, and the one that executed.

What stays allowed has the same words as a value or a name.
"""

from __future__ import annotations

from federation_emulator.core.trace import Link, Part
from tests.denials.bigquery import sql
from tests.denials.case import Case

_NAMES = "a name has letters, digits, spaces and a few signs"
_FUNCTIONS = "only built-in functions are offered"
_SYNTAX = "the statement must be GoogleSQL"


def _read_otherwise(name: str, wrong: str, right: str, *, change: str, rule: str, says: str = "") -> Case:
    return Case(
        name=name,
        change=change,
        wrong=sql(wrong),
        right=sql(right),
        link=Link.JOB,
        part=Part.REQUEST,
        rule=rule,
        status=400,
        error="invalidQuery",
        says=says,
    )


CASES = (
    _read_otherwise(
        "a system variable, whose signs another reader takes for a string's quotes",
        "SELECT @@a, '$$ AS x, (SELECT MAX(name) FROM {secrets}) AS y --' AS z FROM {users}",
        "SELECT '$$ AS x, (SELECT MAX(name) FROM {secrets}) AS y --' AS z FROM {users}",
        change="the string alone",
        rule="system variables are not offered",
    ),
    _read_otherwise(
        "a bytes literal with an escape sequence that GoogleSQL doesn't have",
        r"SELECT b'\q' || (SELECT MAX(name) FROM {secrets}) --' FROM {users}",
        r"SELECT b'\\\' || (SELECT MAX(name) FROM {secrets}) --' AS b FROM {users}",
        change="a literal of the same words",
        rule="an escape sequence is one of GoogleSQL's",
    ),
    _read_otherwise(
        "an alias with a backslash, behind which a statement goes on",
        r"SELECT 1 AS `\`, (SELECT MAX(name) FROM secrets) AS y --` FROM {users}",
        "SELECT 1 AS `y SELECT MAX name FROM secrets --` FROM {users}",
        change="an alias of letters and signs",
        rule=_NAMES,
    ),
    _read_otherwise(
        "a collation with more than its name",
        "SELECT COLLATE(name, 'NOCASE UNION ALL SELECT name FROM secrets') FROM {users}",
        "SELECT COLLATE(name, 'und:ci') FROM {users}",
        change="the collation und:ci",
        rule="a collation is 'und:ci' or 'binary'",
    ),
    _read_otherwise(
        "an argument's name with a statement in it",
        "SELECT CONCAT(name, `'b') UNION ALL SELECT name FROM secrets --` => TRUE) FROM {users}",
        "SELECT CONCAT(name, ''') UNION ALL SELECT name FROM secrets --''') FROM {users}",
        change="the words as an argument",
        rule=_NAMES,
    ),
    _read_otherwise(
        "a parameter's name with a statement in it",
        "SELECT SOUNDEX(@`a), (SELECT MAX(name) FROM secrets`) FROM {users}",
        "SELECT SOUNDEX('''a), (SELECT MAX(name) FROM secrets''') FROM {users}",
        change="the words as a string",
        rule=_NAMES,
    ),
    _read_otherwise(
        "a comment that only another reader closes",
        "SELECT name FROM {users} /* /* */ , (SELECT MAX(name) FROM {secrets}) */",
        "SELECT name FROM {users} /* /* , (SELECT MAX(name) FROM {secrets}) */",
        change="the comment closed once",
        rule=_SYNTAX,
    ),
    _read_otherwise(
        "two statements",
        "SELECT name FROM {users}; SELECT name FROM {users}",
        "SELECT name FROM {users};",
        change="one statement",
        rule="exactly one statement is offered",
    ),
    _read_otherwise(
        "a table by DuckDB's own function",
        "SELECT * FROM query_table('secrets')",
        "SELECT * FROM {users}",
        change="the granted table by its name",
        rule=_FUNCTIONS,
    ),
    _read_otherwise(
        "a file of the host's",
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT '/etc/hostname' AS content FROM {users}",
        change="the path as a string",
        rule=_FUNCTIONS,
    ),
    _read_otherwise(
        "the engine's catalogue",
        "SELECT * FROM duckdb_tables()",
        "SELECT 'duckdb_tables()' AS t FROM {users}",
        change="its name as a string",
        rule=_FUNCTIONS,
    ),
    _read_otherwise(
        "a setting of the engine's",
        "SELECT current_setting('home_directory')",
        "SELECT 'home_directory' AS s FROM {users}",
        change="its name as a string",
        rule=_FUNCTIONS,
    ),
    _read_otherwise(
        "a type that GoogleSQL doesn't have",
        "SELECT CAST(name AS ENUM('a')) FROM {users}",
        "SELECT CAST(name AS STRING) FROM {users}",
        change="STRING",
        rule="a type is one of GoogleSQL's",
    ),
    _read_otherwise(
        "an array that is named like a table of another dataset",
        "SELECT u.name FROM {users} AS vault, vault.secret AS u",
        "SELECT vault.name FROM {users} AS vault, UNNEST([1]) AS secret",
        change="the array in UNNEST",
        rule="an array in FROM must be written with UNNEST",
    ),
)
