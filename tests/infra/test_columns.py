"""Which change of a table's columns its rows survive."""

from __future__ import annotations

import pytest

from infra.columns import Column, losses, schema

ID = Column(name="id", type="INTEGER", mode="REQUIRED")
NAME = Column(name="name", type="STRING")
BEFORE = (ID, NAME)


@pytest.mark.parametrize(
    "after",
    [
        BEFORE,
        (NAME, ID),
        (*BEFORE, Column(name="age", type="INTEGER")),
        (*BEFORE, Column(name="tags", type="STRING", mode="REPEATED")),
        (Column(name="id", type="INTEGER"), NAME),
        (Column(name="ID", type="INT64", mode="REQUIRED"), NAME),
        (ID, Column(name="name", type="STRING", description="The user's name.")),
    ],
)
def test_what_bigquery_does_in_place_loses_nothing(after: tuple[Column, ...]) -> None:
    assert losses(schema(BEFORE), schema(after)) == []


@pytest.mark.parametrize(
    ("after", "told"),
    [
        ((ID,), "column name would be dropped"),
        ((ID, Column(name="full_name", type="STRING")), "column name would be dropped"),
        ((Column(name="id", type="STRING", mode="REQUIRED"), NAME), "column id would change from INTEGER to STRING"),
        ((ID, Column(name="name", type="STRING", mode="REQUIRED")), "from NULLABLE to REQUIRED"),
        ((ID, Column(name="name", type="STRING", mode="REPEATED")), "from NULLABLE to REPEATED"),
        ((*BEFORE, Column(name="age", type="INTEGER", mode="REQUIRED")), "column age would be new and REQUIRED"),
    ],
)
def test_what_needs_another_table_is_told_with_the_column(after: tuple[Column, ...], told: str) -> None:
    (sentence,) = losses(schema(BEFORE), schema(after))
    assert told in sentence
