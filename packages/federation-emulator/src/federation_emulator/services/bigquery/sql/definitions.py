"""The columns that a CREATE or ALTER statement defines: their names, and what it says of them besides a type.

Sources: Google, "Data definition language (DDL) statements in GoogleSQL" (``column_schema``, ``column_option_list``,
"Columns must be named", no two with one name); "Specify a schema" (column names).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from federation_emulator.services.bigquery.ids import column_name_problem
from federation_emulator.services.bigquery.sql.errors import UnreadableSqlError

if TYPE_CHECKING:
    from sqlglot import exp

_NOT_OFFERED = "columns have names, types, NOT NULL and a description"


def check_names(names: Iterable[str], *, kind: str) -> None:
    """Insist that columns have names that BigQuery takes, none twice in whatever case.

    Args:
        names: The columns' names, ``""`` for one without.
        kind: What the statement makes, ``TABLE`` or ``VIEW``.

    Raises:
        UnreadableSqlError: In BigQuery's words.
    """
    seen: set[str] = set()
    for place, name in enumerate(names, start=1):
        text = column_name_problem(name)
        if not name:
            text = f"CREATE {kind} columns must be named, but column {place} has no name"
        if name.casefold() in seen:
            text = f"CREATE {kind} has columns with duplicate name {name}"
        if text:
            raise UnreadableSqlError("columns have names that BigQuery takes", f"{name!r:.80}", text=text)
        seen.add(name.casefold())


def check_columns(tree: exp.Create | exp.Alter) -> None:
    """Insist that the columns which a statement defines have names that BigQuery takes, and nothing that isn't kept.

    Raises:
        UnreadableSqlError: They have something else.
    """
    from sqlglot import exp

    if isinstance(tree, exp.Create) and isinstance(tree.this, exp.Schema):
        # A view's columns are mere names.
        check_names((column.name for column in tree.this.expressions), kind=str(tree.args.get("kind")).upper())
    for column in tree.find_all(exp.ColumnDef):
        if problem := column_name_problem(column.name):
            raise UnreadableSqlError("columns have names that BigQuery takes", f"{column.name!r:.80}", text=problem)
        kind = column.kind
        if kind is not None and (parameters := list(kind.find_all(exp.DataTypeParam))):
            what = f"{kind.this.name}({', '.join(each.name for each in parameters)}) of {column.name:.80}"
            raise UnreadableSqlError(_NOT_OFFERED, f"maxLength, precision or scale: {what}")
        if kind is not None and any(each.this == exp.DataType.Type.BIGDECIMAL for each in kind.find_all(exp.DataType)):
            raise UnreadableSqlError(_NOT_OFFERED, f"type BIGNUMERIC of {column.name:.80}, which DuckDB has not")
        for constraint in column.find_all(exp.ColumnConstraint):
            if isinstance(constraint.kind, exp.DefaultColumnConstraint):
                raise UnreadableSqlError(_NOT_OFFERED, f"defaultValueExpression of {column.name:.80}")
    for action in tree.args.get("actions") or [] if isinstance(tree, exp.Alter) else []:
        kept = action.args.get("dtype") or (action.args.get("drop") and action.args.get("allow_null"))
        if isinstance(action, exp.AlterColumn) and (not kept or action.args.get("using")):
            what = f"defaultValueExpression or SET NOT NULL of {action.name:.80}"
            raise UnreadableSqlError("ALTER COLUMN has SET DATA TYPE and DROP NOT NULL", what)


def descriptions_of(tree: exp.Create | exp.Alter, literals: Mapping[str, object]) -> dict[str, str]:
    """Read the descriptions of the columns that a statement defines.

    Raises:
        UnreadableSqlError: A column has another option, or a field inside one has any.
    """
    from sqlglot import exp

    found: dict[str, str] = {}
    for column in tree.find_all(exp.ColumnDef):
        for constraint in column.args.get("constraints") or []:
            options = constraint.kind.expressions if isinstance(constraint.kind, exp.Properties) else []
            for option in options:
                value = option.args.get("value")
                text = literals.get(value.name, value.name) if isinstance(value, exp.Literal) else None
                inside = column.find_ancestor(exp.ColumnDef) is not None
                if option.name.lower() != "description" or not isinstance(text, str) or inside:
                    where = f"inside {column.name:.80}" if inside else f"of {column.name:.80}"
                    raise UnreadableSqlError(_NOT_OFFERED, f"the option {option.name:.60} {where}")
                found[column.name] = text
    return found


def copied_table(tree: exp.Expression) -> exp.Table | None:
    """Return the table that CREATE TABLE … CLONE, COPY or LIKE names; ``None`` for any other statement."""
    from sqlglot import exp

    like, clone = tree.find(exp.LikeProperty), tree.args.get("clone")
    source = like.this if like is not None else clone.this if clone is not None else None
    return source if isinstance(source, exp.Table) else None


def altered_columns(tree: exp.Alter) -> tuple[tuple[str, str], ...]:
    """List the columns that a statement alters: each one's name, and ``TYPE`` or ``NULLABLE``."""
    from sqlglot import exp

    actions = [each for each in tree.args.get("actions") or [] if isinstance(each, exp.AlterColumn)]
    return tuple((action.name, "TYPE" if action.args.get("dtype") else "NULLABLE") for action in actions)


def selected_names(query: exp.Query) -> tuple[str, ...]:
    """List the names that a query's columns have, ``""`` for one without, ``*`` for a star."""
    from sqlglot import exp

    while isinstance(query, exp.SetOperation | exp.Subquery):
        query = query.this
    return tuple(_name(each) for each in query.selects)


def _name(selected: exp.Expr) -> str:
    from sqlglot import exp

    named = isinstance(selected, exp.Alias | exp.Column | exp.Dot | exp.Star)
    return selected.alias_or_name if named else ""
