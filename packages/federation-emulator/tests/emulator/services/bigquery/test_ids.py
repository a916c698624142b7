"""The names that BigQuery takes, against Google's own examples and lists.

Sources: Google, "Create and use tables" (table naming: its three examples), "Specify a schema" (column names, the
characters that flexible names have and have not, reserved prefixes), "Create datasets", "Creating projects".
"""

from __future__ import annotations

import pytest

from federation_emulator.services.bigquery.ids import (
    column_name_problem,
    dataset_id_problem,
    project_id_problem,
    table_id_problem,
)


@pytest.mark.parametrize(
    "text",
    [
        "orders",
        "table 01",
        "ग्राहक",
        "00_お客様",
        "étudiant-01",
        "tabl\N{LATIN SMALL LETTER E WITH ACUTE}",
        "table\u0301",
        *("a" * 1024, "é" * 512, "٣", "a‿b"),
    ],
)
def test_a_table_may_be_named_so(text: str) -> None:
    assert table_id_problem(text) is None


@pytest.mark.parametrize(
    "text",
    ["", " ", "a.b", "a*", "a$20260101", "a@1", 'a"b', "a'b", "a`b", "a\\b", "a\nb", "a\tb", "orders\n", "a;b", "a/b"],
)
def test_a_table_may_not_have_these_characters(text: str) -> None:
    assert "Invalid table ID" in str(table_id_problem(text))


@pytest.mark.parametrize(
    "text", ["a" * 1025, "é" * 513, "a\u2028b", "a\u202eb", "a\u200bb", "a\x00b", "a\x85b", "a\ue000", "a€", "a😀"]
)
def test_a_table_may_not_be_longer_or_have_what_is_no_letter(text: str) -> None:
    assert "Invalid table ID" in str(table_id_problem(text))


@pytest.mark.parametrize(
    "text", ["a", "_a", "A9", "9a", "été", "a b", "a-b", "列", "a&%=+:<>#|b", "a" * 300, "é" * 300, "_TABLES", "_table"]
)
def test_a_column_may_be_named_so(text: str) -> None:
    assert column_name_problem(text) is None


@pytest.mark.parametrize(
    "text",
    ["", " ", "a" * 301, "a\nb", "a\tb", "a\r", "a\x00", "a\u2028b", "a\u202eb", "a\u200bb", "a'b", "a€"]
    + [f"a{character}b" for character in '!"$()*,./;?@[\\]^`{}~'],
)
def test_a_column_may_not_be_named_so(text: str) -> None:
    assert "Invalid field name" in str(column_name_problem(text))


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


@pytest.mark.parametrize("text", ["shop", "Shop_2", "2shop", "a" * 1024])
def test_a_dataset_may_be_named_so(text: str) -> None:
    assert dataset_id_problem(text) is None


@pytest.mark.parametrize(
    "text", ["", "_shop", "sh op", "sh-op", "shöp", "shop\n", "a" * 1025, "٣", "a.b", 'a"b', "a'b"]
)
def test_a_dataset_may_not_be_named_so(text: str) -> None:
    assert "Invalid dataset ID" in str(dataset_id_problem(text))


@pytest.mark.parametrize("text", ["abcdef", "my-project-1", "a" * 30])
def test_a_project_may_be_named_so(text: str) -> None:
    assert project_id_problem(text) is None


@pytest.mark.parametrize(
    "text", ["", "abcde", "a" * 31, "1abcdef", "-abcdef", "abcdef-", "Abcdef", "abc_def", "abcdef\n", "abcde٣", "é" * 8]
)
def test_a_project_may_not_be_named_so(text: str) -> None:
    assert "Invalid project ID" in str(project_id_problem(text))
