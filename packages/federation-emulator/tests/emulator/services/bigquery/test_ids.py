"""The names that BigQuery takes, against Google's own examples and lists.

Sources: Google, "Create and use tables" (table naming: its three examples), "Specify a schema" (column names, the
characters that flexible names have and have not, reserved prefixes), "Create datasets", "Creating projects".
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from federation_emulator.services.bigquery.ids import (
    RESERVED_COLUMN_PREFIXES,
    column_name_problem,
    dataset_id_problem,
    project_id_problem,
    table_id_problem,
)
from keyless_bigquery.runtime import forms


@pytest.mark.parametrize(
    ("problem", "words", "good", "bad"),
    [
        (
            table_id_problem,
            "Invalid table ID",
            [
                *("orders", "table 01", "ग्राहक", "00_お客様", "étudiant-01", "table\u0301", "tabl\u00e9"),
                *("a" * 1024, "é" * 512, "٣", "a‿b"),
            ],
            [
                *("", " ", "orders\n", "a\x85b", "a\ue000", "a€", "a😀", "a" * 1025, "é" * 513, "a$20260101"),
                *(f"a{character}b" for character in ".*@\"'`\\\n\t;/\u2028\u202e\u200b\x00"),
            ],
        ),
        (
            column_name_problem,
            "Invalid field name",
            [
                *("a", "_a", "A9", "9a", "été", "a b", "a-b", "列", "a&%=+:<>#|b", "a" * 300, "é" * 300),
                *("_TABLES", "_table"),
            ],
            [
                *("", " ", "a" * 301, "a\nb", "a\tb", "a\r", "a\x00", "a\u2028b", "a\u202eb", "a\u200bb", "a'b", "a€"),
                *(f"a{character}b" for character in '!"$()*,./;?@[\\]^`{}~'),
            ],
        ),
        (
            dataset_id_problem,
            "Invalid dataset ID",
            ["shop", "Shop_2", "2shop", "a" * 1024],
            ["", "_shop", "sh op", "sh-op", "shöp", "shop\n", "a" * 1025, "٣", "a.b", 'a"b', "a'b"],
        ),
        (
            project_id_problem,
            "Invalid project ID",
            ["abcdef", "my-project-1", "a" * 30],
            [
                *("", "abcde", "a" * 31, "1abcdef", "-abcdef", "abcdef-", "Abcdef", "abc_def", "abcdef\n", "abcde٣"),
                "é" * 8,
            ],
        ),
    ],
    ids=["table", "column", "dataset", "project"],
)
def test_a_name_is_taken_or_refused_by_its_rule(
    problem: Callable[[str], str | None], words: str, good: list[str], bad: list[str]
) -> None:
    assert [text for text in good if problem(text) is not None] == []
    assert [text for text in bad if words not in str(problem(text))] == []


@pytest.mark.parametrize(
    "prefix",
    [
        *("_TABLE_", "_FILE_", "_PARTITION", "_ROW_TIMESTAMP", "__ROOT__", "_COLIDENTIFIER"),
        *("_CHANGE_SEQUENCE_NUMBER", "_CHANGE_TYPE", "_CHANGE_TIMESTAMP"),
    ],
)
@pytest.mark.parametrize("rest", ["", "x"])
def test_a_reserved_prefix_is_refused_in_any_case(prefix: str, rest: str) -> None:
    assert column_name_problem("x" + prefix) is None
    for written in (prefix + rest, prefix.lower() + rest):
        assert prefix in str(column_name_problem(written))


def test_the_emulator_and_the_library_reserve_the_same_prefixes() -> None:
    assert set(RESERVED_COLUMN_PREFIXES) == set(forms.RESERVED_COLUMN_PREFIXES)
