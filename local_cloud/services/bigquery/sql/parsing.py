"""From text to one statement's tree, within bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_cloud.services.bigquery.sql.errors import UnreadableSqlError

if TYPE_CHECKING:
    from sqlglot import exp

MOST_SQL_CHARACTERS = 256 * 1024


def parse(sql: str) -> exp.Expression:
    """Parse one statement of GoogleSQL.

    Raises:
        UnreadableSqlError: It is too long, isn't GoogleSQL, or is more than one statement.
    """
    # Imported here: it takes a third of a second, which only a server that meets SQL should pay.
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import ErrorLevel, SqlglotError
    from sqlglot.tokenizer_core import TokenType

    if len(sql) > MOST_SQL_CHARACTERS:
        raise UnreadableSqlError(f"a statement has at most {MOST_SQL_CHARACTERS} characters", f"{len(sql)}")
    try:
        tokens = sqlglot.tokenize(sql, read="bigquery")
        parsed = sqlglot.parse(sql, read="bigquery", error_level=ErrorLevel.RAISE)
    except (SqlglotError, RecursionError, ValueError) as problem:
        raise UnreadableSqlError("the statement must be GoogleSQL", f"a syntax error: {problem!s:.200}") from problem
    trees = [tree for tree in parsed if tree is not None]
    if len(trees) != 1:
        raise UnreadableSqlError("exactly one statement is offered, not a script", f"{len(trees)} statements")
    tree = trees[0]
    # The parser turns a correlated "FROM t AS a, a.b" into UNNEST(a.b); if `a` is also a dataset, what is read
    # would depend on who resolves the name. Only a written UNNEST is accepted.
    written = sum(token.token_type is TokenType.UNNEST for token in tokens)
    if written < len(list(tree.find_all(exp.Unnest))):
        raise UnreadableSqlError("an array in FROM must be written with UNNEST", "an array named like a table")
    if not isinstance(tree, exp.Expression):
        raise UnreadableSqlError("a statement was expected", type(tree).__name__)
    return tree
