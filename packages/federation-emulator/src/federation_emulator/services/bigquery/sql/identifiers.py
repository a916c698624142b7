"""Names as they may be written. Pure.

Source: Google, "Lexical structure and syntax in GoogleSQL" (identifiers) and "Specifying a schema" (flexible column
names). A name with a quote, a backslash or a control character is written nowhere.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from federation_emulator.services.bigquery.ids import name_problem
from federation_emulator.services.bigquery.sql.errors import UnreadableSqlError

if TYPE_CHECKING:
    from sqlglot import exp

_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def check_identifiers(tree: exp.Expr) -> None:
    """Insist that all names can be written, and quote those that need it.

    Raises:
        UnreadableSqlError: One can't.
    """
    from sqlglot import exp

    for identifier in tree.find_all(exp.Identifier):
        name = str(identifier.this)
        if (problem := name_problem(name)) is not None:
            raise UnreadableSqlError(problem, f"{name!r:.80}")
        if not _BARE.fullmatch(name):
            identifier.set("quoted", True)
