"""Changes that lose what can't be had back: rows, and what was protected on purpose."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails.columns import SchemaError, columns_of, losses
from guardrails.model import Change, ChangeRule, Finding, Unknown, unknown

_TABLE = "gcp:bigquery/table:table"


def _table(change: Change) -> Iterator[Finding]:
    if change.kind != _TABLE or change.kept or not change.after:
        return
    lost = list(_columns(change))
    yield from lost
    if change.replaces and not lost:
        yield Finding(
            where=", ".join(change.replaced_for) or "the table",
            saw="changed so that another table takes its place, without its rows",
            mend="keep what forces the replacement, or copy the rows to a table of another name first",
        )


def _columns(change: Change) -> Iterator[Finding]:
    before, after = change.before.get("schema"), change.after.get("schema")
    if isinstance(before, Unknown) or isinstance(after, Unknown):
        if change.operation != "same":
            yield unknown("schema", "compare the columns by hand")
        return
    if not before:
        return
    try:
        found = list(losses(columns_of(before), columns_of(after or [])))
    except SchemaError as problem:
        yield Finding(where="schema", saw=f"not to be read ({problem})", mend="write it with json.dumps")
        return
    for column, what in found:
        yield Finding(
            where=f"column {column}",
            saw=what,
            mend="keep the column as it is and add another beside it; drop the old one by hand when nobody reads it",
        )


KEEPS_COLUMNS = ChangeRule(
    name="table-keeps-columns",
    why="Rows that a change of schema loses don't come back with the next deployment.",
    judge=_table,
)


def _protected(change: Change) -> Iterator[Finding]:
    if change.kept or not (change.replaces or change.operation == "delete"):
        return
    for where, protects in (
        ("protect", change.guarded),
        ("deletionProtection", change.before.get("deletionProtection") is True),
        ("deletionPolicy", change.before.get("deletionPolicy") == "PREVENT"),
    ):
        if protects:
            yield Finding(
                where=where,
                saw=f"set, and the change would {'replace' if change.replaces else 'delete'} the resource",
                mend="leave the resource; if it must go, switch its protection off in a deployment of its own first",
            )
            return


KEEPS_PROTECTED = ChangeRule(
    name="protected-stays",
    why="It was protected because what goes with it can't be made again.",
    judge=_protected,
)
