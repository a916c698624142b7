"""Changes that lose what can't be had back: rows, and what was protected on purpose."""

from __future__ import annotations

from collections.abc import Iterator

from keyless_bigquery.settings.schema_changes import SchemaError, columns_of, losses
from keyless_tools.guardrails.model import Change, ChangeRule, Finding, Unknown, unknown

_TABLE = "gcp:bigquery/table:table"


def _table(change: Change) -> Iterator[Finding]:
    if change.kind != _TABLE or change.kept or not change.after:
        return
    lost = list(_columns(change))
    yield from lost
    if change.replaces and not lost:
        yield Finding(
            where=", ".join(change.replaced_for) or "the table",
            actual="changed so that another table takes its place, without its rows",
            fix="keep what forces the replacement; if it must change, copy the rows first, into a dataset that is not"
            " the stack's",
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
        found = losses(columns_of(before), columns_of(after or []))
    except SchemaError as problem:
        yield Finding(where="schema", actual=f"not to be read ({problem})", fix="write it with json.dumps")
        return
    for loss in found:
        yield Finding(
            where=f"column {loss.path}",
            actual=loss.reason,
            fix="keep the column as it is, and add another one under another name; to drop a column that nothing reads"
            " any more, run ALTER TABLE … DROP COLUMN yourself, then `pulumi up --refresh`",
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
                actual=f"set, and the change would {'replace' if change.replaces else 'delete'} the resource",
                fix="leave the resource; if it must go, switch its protection off in a deployment of its own first",
            )
            return


KEEPS_PROTECTED = ChangeRule(
    name="protected-stays",
    why="It was protected because what goes with it can't be made again.",
    judge=_protected,
)
