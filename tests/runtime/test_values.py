"""Cells as BigQuery sends them, as Python values and as JSON."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from google.cloud.bigquery import SchemaField
from google.cloud.bigquery._helpers import CELL_DATA_PARSER

from keyless_bigquery.runtime import BigQueryReader
from keyless_bigquery.runtime.errors import QueryError
from keyless_bigquery.runtime.values import Form, row_converter
from tests.http_server import json_answer
from tests.runtime.google_stand_in import GoogleStandIn

# Of each type: what BigQuery sends, the Python value, the JSON form. Source of the cells: tests/unit/test__helpers.py
# and tests/unit/_helpers/test_cell_data_parser.py of google-cloud-bigquery, and BigQuery's "Data types" of GoogleSQL.
CELLS: list[tuple[str, Any, Any, Any]] = [
    ("BOOLEAN", "true", True, True),
    ("BOOL", "false", False, False),
    ("INTEGER", "-9223372036854775808", -9223372036854775808, -9223372036854775808),
    ("INT64", "42", 42, 42),
    ("FLOAT", "3.1415", 3.1415, 3.1415),
    ("FLOAT64", "1.0E+20", 1e20, 1e20),
    ("FLOAT64", "Infinity", float("inf"), "Infinity"),
    ("FLOAT64", "-Infinity", float("-inf"), "-Infinity"),
    ("FLOAT64", "-inf", float("-inf"), "-Infinity"),
    ("NUMERIC", "3.141592654", Decimal("3.141592654"), "3.141592654"),
    ("NUMERIC", "99999999999999999999999999999.999999999", Decimal("9" * 29 + "." + "9" * 9), "9" * 29 + "." + "9" * 9),
    ("BIGNUMERIC", "0.00000000000000000000000000000000000001", Decimal("1E-38"), "0." + "0" * 37 + "1"),
    ("STRING", "", "", ""),
    ("STRING", "日本\n\u2028😀", "日本\n\u2028😀", "日本\n\u2028😀"),
    ("BYTES", "V29uZGVyZnVsIQ==", b"Wonderful!", "V29uZGVyZnVsIQ=="),
    ("BYTES", "/+8=", b"\xff\xef", "/+8="),
    ("DATE", "1987-09-22", date(1987, 9, 22), "1987-09-22"),
    ("DATE", "0001-01-01", date(1, 1, 1), "0001-01-01"),
    ("DATETIME", "2016-11-03T15:50:36", datetime(2016, 11, 3, 15, 50, 36), "2016-11-03T15:50:36"),  # noqa: DTZ001 - a DATETIME has no time zone
    ("DATETIME", "2016-11-03T15:50:36.123", datetime(2016, 11, 3, 15, 50, 36, 123000), "2016-11-03T15:50:36.123"),  # noqa: DTZ001 - as above
    ("TIMESTAMP", "1234567890123456", datetime(2009, 2, 13, 23, 31, 30, 123456, UTC), "2009-02-13T23:31:30.123456Z"),
    ("TIMESTAMP", "-62135596800000000", datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00Z"),
    ("TIMESTAMP", "253402300799999999", datetime(9999, 12, 31, 23, 59, 59, 999999, UTC), "9999-12-31T23:59:59.999999Z"),
    ("TIME", "12:12:27", time(12, 12, 27), "12:12:27"),
    ("TIME", "12:12:27.123456", time(12, 12, 27, 123456), "12:12:27.123456"),
    ("GEOGRAPHY", "POINT(1.25 2)", "POINT(1.25 2)", "POINT(1.25 2)"),
    ("JSON", '{"a": [1, null, "b"]}', {"a": [1, None, "b"]}, {"a": [1, None, "b"]}),
    ("JSON", "null", None, None),
]
OWN: list[tuple[str, Any, Any, Any]] = [
    # A relativedelta of google-cloud-bigquery turns 36 hours into a day and a half, which BigQuery keeps apart.
    ("INTERVAL", "1-2 -3 36:5:6.5", "1-2 -3 36:5:6.5", "1-2 -3 36:5:6.5"),
    ("FUTURETYPE", "x", "x", "x"),
]


def read(field: SchemaField, cell: object, form: Form) -> object:
    (value,) = row_converter([field], form)({"f": [{"v": cell}]}).values()
    return value


@pytest.mark.parametrize(("kind", "cell", "python", "as_json"), CELLS + OWN)
@pytest.mark.parametrize("mode", ["NULLABLE", "REQUIRED"])
def test_a_cell_has_one_python_value_and_one_json_form(
    kind: str, cell: str, python: object, as_json: object, mode: str
) -> None:
    field = SchemaField("column", kind, mode=mode)
    assert (read(field, cell, "python"), read(field, cell, "json")) == (python, as_json)
    assert type(read(field, cell, "python")) is type(python)
    assert json.loads(json.dumps(read(field, cell, "json"), allow_nan=False)) == as_json


@pytest.mark.parametrize(("kind", "cell", "python"), [row[:3] for row in CELLS])
def test_a_python_value_is_that_of_googles_client(kind: str, cell: str, python: object) -> None:
    assert CELL_DATA_PARSER.to_py(cell, SchemaField("column", kind)) == python  # type: ignore[no-untyped-call]  # google's helper has no types


def test_a_float_that_is_no_number_is_a_word_in_json() -> None:
    field = SchemaField("column", "FLOAT64")
    nan = read(field, "NaN", "python")
    assert nan != nan
    assert read(field, "NaN", "json") == "NaN"


@pytest.mark.parametrize("form", ["python", "json", "printed"])
@pytest.mark.parametrize("kind", sorted({row[0] for row in CELLS + OWN} | {"RECORD", "RANGE"}))
def test_null_is_none_of_whatever_type(kind: str, form: Form) -> None:
    inner = [SchemaField("inner", "STRING")] if kind == "RECORD" else ()
    element = "DATE" if kind == "RANGE" else None
    assert read(SchemaField("column", kind, fields=inner, range_element_type=element), None, form) is None


@pytest.mark.parametrize(
    ("element", "cell", "python", "as_json"),
    [
        ("DATE", "[2020-10-01, 2020-12-31)", (date(2020, 10, 1), date(2020, 12, 31)), ("2020-10-01", "2020-12-31")),
        ("DATE", "[UNBOUNDED, UNBOUNDED)", (None, None), (None, None)),
        (
            "DATETIME",
            "[2020-10-01T12:00:00, UNBOUNDED)",
            (datetime(2020, 10, 1, 12), None),  # noqa: DTZ001 - a DATETIME has no time zone
            ("2020-10-01T12:00:00", None),
        ),
        ("TIMESTAMP", "[UNBOUNDED, 0)", (None, datetime(1970, 1, 1, tzinfo=UTC)), (None, "1970-01-01T00:00:00Z")),
    ],
)
def test_a_range_has_two_bounds(
    element: str, cell: str, python: tuple[object, object], as_json: tuple[object, object]
) -> None:
    field = SchemaField("column", "RANGE", range_element_type=element)
    assert read(field, cell, "python") == dict(zip(("start", "end"), python, strict=True))
    assert read(field, cell, "json") == dict(zip(("start", "end"), as_json, strict=True))
    assert CELL_DATA_PARSER.to_py(cell, field) == read(field, cell, "python")  # type: ignore[no-untyped-call]  # google's helper has no types


def test_structs_and_arrays_are_nested_as_they_are_in_bigquery() -> None:
    field = SchemaField(
        "orders",
        "RECORD",
        mode="REPEATED",
        fields=[
            SchemaField("day", "DATE"),
            SchemaField("prices", "NUMERIC", mode="REPEATED"),
            SchemaField("by", "STRUCT", fields=[SchemaField("name", "STRING"), SchemaField("age", "INT64")]),
        ],
    )
    by: list[object] = [{"f": [{"v": "Ada"}, {"v": "36"}]}, None]
    cell = [
        {"v": {"f": [{"v": "2026-11-29"}, {"v": [{"v": "1.50"}, {"v": "2"}]}, {"v": by[0]}]}},
        {"v": {"f": [{"v": None}, {"v": []}, {"v": by[1]}]}},
    ]
    assert read(field, cell, "python") == [
        {"day": date(2026, 11, 29), "prices": [Decimal("1.50"), Decimal(2)], "by": {"name": "Ada", "age": 36}},
        {"day": None, "prices": [], "by": None},
    ]
    assert read(field, cell, "json") == [
        {"day": "2026-11-29", "prices": ["1.50", "2"], "by": {"name": "Ada", "age": 36}},
        {"day": None, "prices": [], "by": None},
    ]


@pytest.mark.parametrize(
    "schema",
    [
        [SchemaField("a", "STRING"), SchemaField("b", "STRING"), SchemaField("a", "INT64")],
        [SchemaField("x", "RECORD", fields=[SchemaField("a", "STRING"), SchemaField("a", "STRING")])],
    ],
)
def test_of_two_columns_of_one_name_none_is_lost_silently(schema: list[SchemaField]) -> None:
    with pytest.raises(QueryError, match=r"several columns or fields of the name 'a'.*give each a name of its own"):
        row_converter(schema, "python")


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"f": [{"v": "1"}]}, "its cells are not those of the 2 columns"),
        ({"f": [{"v": "1"}, {"v": "2026-11-29"}, {"v": "x"}]}, "its cells are not those of the 2 columns"),
        ({"f": [{"v": "secret"}, {"v": "2026-11-29"}]}, "the value of 'number' is no INT64"),
        ({"f": [{"v": "1"}, {"v": "secret"}]}, "the value of 'day' is no DATE"),
        ({"f": [{"v": "1"}, {}]}, "the value of 'day' is no DATE"),
        ({}, "its cells"),
        ("secret", "its cells"),
    ],
)
def test_a_row_that_is_not_of_the_schema_is_refused_without_its_data(row: object, says: str) -> None:
    convert = row_converter([SchemaField("number", "INT64"), SchemaField("day", "DATE")], "python")
    assert convert({"f": [{"v": "1"}, {"v": "2026-11-29"}]}) == {"number": 1, "day": date(2026, 11, 29)}
    with pytest.raises(QueryError, match=says) as refused:
        convert(row)
    assert "secret" not in str(refused.value)


STRUCT = [{"name": "day", "type": "DATE"}, {"name": "note", "type": "JSON"}, {"name": "size", "type": "BYTES"}]
PRINTED: list[tuple[dict[str, Any], Any, str]] = [
    ({"type": "STRING"}, None, "None"),
    ({"type": "BOOL"}, "true", "True"),
    ({"type": "INT64"}, "-9223372036854775808", "-9223372036854775808"),
    ({"type": "FLOAT64"}, "1.0E+20", "1e+20"),
    ({"type": "FLOAT64"}, "-0.0", "-0.0"),
    ({"type": "FLOAT64"}, "NaN", "NaN"),
    ({"type": "FLOAT64"}, "-inf", "-Infinity"),
    ({"type": "NUMERIC"}, "1.50", "1.50"),
    ({"type": "BIGNUMERIC"}, "0.00000000000000000000000000000000000001", "0." + "0" * 37 + "1"),
    ({"type": "STRING"}, "a, b=\N{HIRAGANA LETTER A}\n\x1b", r"a, b=あ\n\x1b"),
    ({"type": "BYTES"}, "/+8=", "/+8="),
    ({"type": "DATE"}, "0001-01-01", "0001-01-01"),
    ({"type": "DATETIME"}, "2016-11-03T15:50:36.123", "2016-11-03T15:50:36.123"),
    ({"type": "TIMESTAMP"}, "1234567890123456", "2009-02-13T23:31:30.123456Z"),
    ({"type": "TIMESTAMP"}, "0", "1970-01-01T00:00:00Z"),
    ({"type": "TIME"}, "12:12:27", "12:12:27"),
    ({"type": "GEOGRAPHY"}, "POINT(1.25 2)", "POINT(1.25 2)"),
    ({"type": "INTERVAL"}, "1-2 -3 36:5:6.5", "1-2 -3 36:5:6.5"),
    ({"type": "JSON"}, "null", "null"),
    ({"type": "JSON"}, None, "None"),
    ({"type": "JSON"}, '"null"', '"null"'),
    ({"type": "JSON"}, '{"a":[1,null,1.0],"b":"x\\\\ny"}', '{"a":[1,null,1.0],"b":"x\\\\ny"}'),
    (
        {"type": "RANGE", "rangeElementType": {"type": "DATE"}},
        "[2020-10-01, UNBOUNDED)",
        '{"start": "2020-10-01", "end": null}',
    ),
    (
        {"type": "RANGE", "rangeElementType": {"type": "TIMESTAMP"}},
        "[UNBOUNDED, 0)",
        '{"start": null, "end": "1970-01-01T00:00:00Z"}',
    ),
    ({"type": "RANGE", "rangeElementType": {"type": "DATE"}}, None, "None"),
    ({"type": "STRUCT", "fields": STRUCT}, None, "None"),
    (
        {"type": "STRUCT", "fields": STRUCT},
        {"f": [{"v": "2026-11-29"}, {"v": '{"a":1}'}, {"v": "/+8="}]},
        '{"day": "2026-11-29", "note": {"a": 1}, "size": "/+8="}',
    ),
    ({"type": "STRING", "mode": "REPEATED"}, [], "[]"),
    ({"type": "FLOAT64", "mode": "REPEATED"}, [{"v": "1.5"}, {"v": "NaN"}], '[1.5, "NaN"]'),
    ({"type": "NUMERIC", "mode": "REPEATED"}, [{"v": "1.50"}], '["1.50"]'),
    (
        {"type": "JSON", "mode": "REPEATED"},
        [{"v": "null"}, {"v": '"\N{HIRAGANA LETTER A}"'}],
        '[null, "\N{HIRAGANA LETTER A}"]',
    ),
    ({"type": "FUTURETYPE"}, "x", "x"),
]


def test_each_value_has_one_printed_form(
    reader: BigQueryReader, google: GoogleStandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    """Through the real client, all in one row."""
    fields = [{"name": f"c{place}", **field} for place, (field, _, _) in enumerate(PRINTED)]
    cells = {"f": [{"v": cell} for _, cell, _ in PRINTED]}
    answer = {"jobComplete": True, "schema": {"fields": fields}, "rows": [cells], "totalRows": "1"}
    google.query = lambda _: json_answer(answer)
    with reader.invocation(20_000):
        reader.query("SELECT 1").print()
    line = ", ".join(f"c{place}={printed}" for place, (_, _, printed) in enumerate(PRINTED))
    assert capsys.readouterr().out == f"{line}\n"
