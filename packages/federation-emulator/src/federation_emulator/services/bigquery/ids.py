"""What BigQuery's names may be: projects, datasets, tables, columns. Pure, and one place for REST and SQL.

Sources: Google, "Creating and managing projects" (project ids), "Create datasets" (dataset naming), "Create and use
tables" (table naming), "Specify a schema" (column names, flexible column names).
"""

from __future__ import annotations

import re
import unicodedata

_PROJECT = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]")
_DATASET = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]{0,1023}")
_MOST_TABLE_BYTES = 1024
_MOST_COLUMN_CHARACTERS = 300
RESERVED_COLUMN_PREFIXES = (
    "_TABLE_",
    "_FILE_",
    "_PARTITION",
    "_ROW_TIMESTAMP",
    "__ROOT__",
    "_COLIDENTIFIER",
    "_CHANGE_SEQUENCE_NUMBER",
    "_CHANGE_TYPE",
    "_CHANGE_TIMESTAMP",
)
"""The library has them too (``runtime.forms``), which the BigQuery emulator's own Python doesn't have; a test compares.
"""

INGESTION_COLUMNS = ("_PARTITION_LOAD_TIME", "_PARTITIONDATE", "_PARTITIONTIME")
"""Columns that a table partitioned by ingestion time has besides its own, in the order of Google's message."""

# Google also takes an apostrophe and any whitespace in a column's name. The BigQuery emulator writes names into SQL
# text, so neither is taken here.
_COLUMN_SYMBOLS = frozenset("&%=+:<>#|")


def project_id_problem(text: str) -> str | None:
    """Return what is wrong with a project id; ``None``: nothing."""
    if _PROJECT.fullmatch(text):
        return None
    return (
        f'Invalid project ID "{text:.100}". Project IDs must be 6 to 30 lowercase letters, digits or hyphens, begin '
        "with a letter, and not end with a hyphen."
    )


def dataset_id_problem(text: str) -> str | None:
    """Return what is wrong with a dataset id; ``None``: nothing.

    Google hides datasets whose id begins with an underscore. Here these belong to the BigQuery emulator.
    """
    if _DATASET.fullmatch(text):
        return None
    return (
        f'Invalid dataset ID "{text:.100}". Dataset IDs must be alphanumeric (plus underscores), must not begin with '
        "an underscore and must be at most 1024 characters long."
    )


def table_id_problem(text: str) -> str | None:
    """Return what is wrong with a table id; ``None``: nothing. Partition decorators and wildcards are no table ids."""
    if text.strip(" ") and all(map(_in_any_name, text)) and len(text.encode()) <= _MOST_TABLE_BYTES:
        return None
    return (
        f'Invalid table ID "{text:.100}". Table IDs must be letters, marks, numbers, connectors, dashes or spaces '
        "(Unicode categories L, M, N, Pc, Pd, Zs), and at most 1024 bytes long in UTF-8. "
        "Also, Table decorators cannot be used."
    )


def column_name_problem(text: str) -> str | None:
    """Return what is wrong with the name of a column, or of a field inside one; ``None``: nothing."""
    if prefix := next((prefix for prefix in RESERVED_COLUMN_PREFIXES if text.upper().startswith(prefix)), None):
        return f'Invalid field name "{text:.100}". Field names are not allowed to start with the prefix {prefix}.'
    allowed = all(_in_any_name(character) or character in _COLUMN_SYMBOLS for character in text)
    if text.strip(" ") and allowed and len(text) <= _MOST_COLUMN_CHARACTERS:
        return None
    return (
        f'Invalid field name "{text:.100}". Fields must contain the allowed characters, and be at most 300 characters '
        "long. For allowed characters, please refer to "
        "https://cloud.google.com/bigquery/docs/schemas#column_names"
    )


def name_problem(text: str) -> str | None:
    """Return why a name can't be written into a statement, whatever it names; ``None``: it can.

    A path of several parts in one pair of quotes is no name: its dots are left to who splits it.
    """
    allowed = all(_in_any_name(character) or character in _COLUMN_SYMBOLS - {"#"} for character in text)
    if text.strip(" ") and allowed and len(text.encode()) <= _MOST_TABLE_BYTES:
        return None
    return "a name has letters, digits, spaces and a few signs"


def _in_any_name(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] in "LMN" or category in {"Pc", "Pd", "Zs"}
