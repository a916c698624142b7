"""From text to one statement's tree, within bounds and BigQuery's grammar."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from federation_emulator.services.bigquery.sql.errors import UnreadableSqlError
from federation_emulator.services.bigquery.sql.grammar import check_grammar
from federation_emulator.services.bigquery.sql.lexing import Literals, lex, unlex

if TYPE_CHECKING:
    from sqlglot import exp

_MOST_KEPT = 8
"""Trees that are remembered: a statement is understood, and written soon after."""


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """One statement.

    Attributes:
        tree: Its tree. It is shared: copy it before a change.
        literals: The strings and bytes that markers in the tree stand for.
        places: How many parameters it has that are given by position.
    """

    tree: exp.Expression
    literals: Literals
    places: int = 0


@lru_cache(maxsize=_MOST_KEPT)
def parse(sql: str) -> Parsed:
    """Parse one statement of GoogleSQL.

    Raises:
        UnreadableSqlError: It is too long, isn't GoogleSQL, is more than one statement, or has what isn't offered.
    """
    lexed = lex(sql)
    # Imported here: it takes a third of a second, which only a process that meets SQL should pay.
    from sqlglot import exp
    from sqlglot.dialects.bigquery import BigQuery
    from sqlglot.errors import ErrorLevel, SqlglotError
    from sqlglot.tokenizer_core import TokenType

    dialect = BigQuery()
    try:
        tokens = dialect.tokenize(lexed.text)
        parsed = dialect.parser(error_level=ErrorLevel.RAISE).parse(tokens, lexed.text)
        trees = [tree for tree in parsed if tree is not None]
        for tree in trees:
            check_grammar(tree)
    except (SqlglotError, RecursionError, ValueError) as problem:
        raise UnreadableSqlError(
            "the statement must be GoogleSQL", f"a syntax error: {said(problem):.200}"
        ) from problem
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
    return Parsed(tree=tree, literals=lexed.literals, places=lexed.places)


def said(problem: Exception) -> str:
    """Return what the parser says of a problem, without the statement that it quotes and marks for a terminal."""
    errors = getattr(problem, "errors", None)
    return str(errors[0].get("description")) if errors else str(problem).split("\n")[0]


def view_query(sql: str) -> str:
    """Return the query of a ``CREATE VIEW`` that was understood: what follows the first AS outside parentheses.

    Raises:
        UnreadableSqlError: There is none.
    """
    import sqlglot
    from sqlglot.tokenizer_core import TokenType

    lexed, depth = lex(sql), 0
    tokens = sqlglot.tokenize(lexed.text, read="bigquery")
    for token, following in pairwise(tokens):
        depth += (token.token_type is TokenType.L_PAREN) - (token.token_type is TokenType.R_PAREN)
        if depth == 0 and token.token_type is TokenType.ALIAS:
            return unlex(lexed.text[following.start :].rstrip("; "), lexed.literals)
    raise UnreadableSqlError("a view must have a query", "none after AS")
