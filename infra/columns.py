"""The columns of a table: what the stack makes, if the table is its own, and what the function selects."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence

from infra import rules
from infra.problems import Values, as_text
from lambda_src import environment

TYPES = (
    *("STRING", "BYTES", "INTEGER", "INT64", "FLOAT", "FLOAT64", "NUMERIC", "BIGNUMERIC", "BOOLEAN", "BOOL"),
    *("TIMESTAMP", "DATE", "TIME", "DATETIME", "GEOGRAPHY", "JSON", "INTERVAL"),
)
"""Types of a column that has no columns inside it. Source: BigQuery API, ``TableFieldSchema.type``."""

_OTHER_NAMES = {"INT64": "INTEGER", "FLOAT64": "FLOAT", "BOOL": "BOOLEAN"}
# GoogleSQL's names of types that the API answers under an older name.

MODES = ("NULLABLE", "REQUIRED", "REPEATED")
"""Source: BigQuery API, ``TableFieldSchema.mode``."""

_KEYS = ("name", "type", "mode", "description")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Column:
    """One column.

    Args:
        name: Its name; needs no escaping inside backticks.
        type: One of :data:`TYPES`; empty where the table is somebody else's, who knows.
        mode: One of :data:`MODES`.
        description: What it holds.
    """

    name: str
    type: str
    mode: str = "NULLABLE"
    description: str = ""


USERS = (
    Column(name="user_id", type="INTEGER", mode="REQUIRED", description="The user's number."),
    Column(name="name", type="STRING", description="The user's name."),
)
"""The columns where the settings name none."""


def schema(columns: Sequence[Column]) -> str:
    """The columns as BigQuery's JSON schema."""
    return json.dumps([dataclasses.asdict(column) for column in columns])


def losses(before: str, after: str) -> list[str]:
    """What rows would lose, or not fit any more, if a table's schema changed: a sentence for each; empty if nothing.

    BigQuery adds a column that may be empty, and relaxes one, in place. Anything else means another table, and the
    providers make it by deleting this one with its rows. Source: BigQuery, "Modifying table schemas".

    Args:
        before: The schema as :func:`schema` wrote it.
        after: The one to come.
    """
    old, new = _by_name(before), _by_name(after)
    found = [f"column {column['name']} would be dropped" for name, column in old.items() if name not in new]
    for name, column in new.items():
        was = old.get(name)
        if was is None:
            if column["mode"] == "REQUIRED":
                found.append(f"column {column['name']} would be new and REQUIRED, and the rows that exist have none")
            continue
        if _same_type(was["type"]) != _same_type(column["type"]):
            found.append(f"column {column['name']} would change from {was['type']} to {column['type']}")
        if was["mode"] != column["mode"] and (was["mode"], column["mode"]) != ("REQUIRED", "NULLABLE"):
            found.append(f"column {column['name']} would change from {was['mode']} to {column['mode']}")
    return found


def _by_name(schema_text: str) -> dict[str, dict[str, str]]:
    return {column["name"].casefold(): column for column in json.loads(schema_text)}


def _same_type(name: str) -> str:
    return _OTHER_NAMES.get(name, name)


def read(values: Values, key: str, *, own_table: bool) -> tuple[Column, ...]:
    """The columns that a setting lists; :data:`USERS` where it lists none.

    Args:
        values: The settings; what is wrong is added to their problems.
        key: The setting.
        own_table: The stack makes the table, so each column needs a type.
    """
    entries = values.entries(key, dict, environment.MOST_COLUMNS)
    columns = tuple(_column(values, f"{key}[{place}]", entry, own_table) for place, entry in enumerate(entries))
    names = [column.name.casefold() for column in columns]
    for place, name in enumerate(names):
        if name in names[:place]:
            rule = "BigQuery takes two names that differ in case only for one column, and this one is there already"
            values.add(f"{key}[{place}].name", columns[place].name, rule, "Rename or remove one of the two.")
    return columns or USERS


def _column(values: Values, key: str, entry: Mapping[str, object], own_table: bool) -> Column:
    given = {name: as_text(value) for name, value in entry.items()}
    inner = Values(given, stack=values.stack, path=f"{values.told(key)}.")
    inner.refuse_unknown(_KEYS)
    column = Column(
        name=inner.text("name", rules.column_name),
        type=inner.text("type", rules.one_of(TYPES)) if own_table else inner.own("type") or "",
        mode=inner.optional("mode", rules.one_of(MODES)) or "NULLABLE",
        description=inner.optional("description", rules.at_most(1024)) or "",
    )
    values.problems.extend(inner.problems)
    return column
