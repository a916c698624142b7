"""The columns of a table: what the stack makes, if the table is its own, and what the function selects."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence

from keyless_bigquery import rules
from keyless_bigquery.runtime import environment, forms
from keyless_bigquery.settings.problems import Values, as_text

TYPES = (
    *("STRING", "BYTES", "INTEGER", "INT64", "FLOAT", "FLOAT64", "NUMERIC", "BIGNUMERIC", "BOOLEAN", "BOOL"),
    *("TIMESTAMP", "DATE", "TIME", "DATETIME", "GEOGRAPHY", "JSON", "INTERVAL"),
)
"""Types of a column that has no columns inside it. Source: BigQuery API, ``TableFieldSchema.type``."""

MODES = ("NULLABLE", "REQUIRED", "REPEATED")
"""Source: BigQuery API, ``TableFieldSchema.mode``."""

_KEYS = ("name", "type", "mode", "description")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Column:
    """One column. Its name needs no escaping inside backticks; the type is empty where the table is another team's."""

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


def read(values: Values, key: str) -> tuple[Column, ...]:
    """The columns that a setting lists; :data:`USERS` where it lists none.

    Each needs a type where the stack makes the table.
    """
    own_table = values.value("table") != "existing"
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
    inner = Values(given, stack=values.stack, path=f"{values.place_of(key)}.")
    inner.refuse_unknown(_KEYS)
    column = Column(
        name=inner.text("name", forms.column_name if own_table else forms.selected_column),
        type=inner.text("type", rules.one_of(TYPES)) if own_table else inner.own("type") or "",
        mode=inner.optional("mode", rules.one_of(MODES)) or "NULLABLE",
        description=inner.optional("description", rules.at_most(1024)) or "",
    )
    values.problems.extend(inner.problems)
    return column
