"""Which functions a statement may call: BigQuery's own that only compute, and no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_cloud.services.bigquery.sql.errors import UnreadableSqlError

if TYPE_CHECKING:
    from sqlglot import exp

_PLAIN = frozenset(
    name
    for line in (
        "ERROR TO_HEX FROM_HEX FORMAT_DATE FORMAT_TIMESTAMP FORMAT_DATETIME PARSE_DATE PARSE_TIMESTAMP NORMALIZE",
        "NORMALIZE_AND_CASEFOLD BIT_COUNT CONTAINS_SUBSTR SAFE_ADD SAFE_SUBTRACT SAFE_MULTIPLY SAFE_NEGATE",
        "GENERATE_UUID RANGE_BUCKET TO_CODE_POINTS CODE_POINTS_TO_STRING IEEE_DIVIDE",
    )
    for name in line.split()
)
"""Functions that the parser has no node of its own for; those with one are known to it as BigQuery's."""


def check_functions(tree: exp.Expression) -> None:
    """Insist that only known functions are called.

    Raises:
        UnreadableSqlError: A call of anything else: a routine, a table function, a reader of files.
    """
    from sqlglot import exp

    for function in tree.find_all(exp.Anonymous, exp.AnonymousAggFunc):
        if function.name.upper() not in _PLAIN:
            raise UnreadableSqlError("only built-in functions are offered", f"a call of {function.name[:60]}")
    for dot in tree.find_all(exp.Dot):
        if isinstance(dot.expression, exp.Func) and dot.this.name.upper() != "SAFE":
            raise UnreadableSqlError("only built-in functions are offered", f"a call of {dot.sql()[:60]}")
    for caller in tree.find_all(exp.SessionUser, exp.CurrentUser):
        raise UnreadableSqlError("nothing depends on who asks: the local warehouse doesn't know", caller.sql()[:60])
    for columns in tree.find_all(exp.Columns):
        # Not BigQuery's; the warehouse would choose columns by a pattern.
        raise UnreadableSqlError("columns are named", columns.sql()[:60])
    for reader in tree.find_all(exp.ReadCSV, exp.ReadParquet, exp.Command):
        raise UnreadableSqlError("only tables are read", f"{type(reader).__name__}")
