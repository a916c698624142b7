"""Columns and values as BigQuery's REST API writes them, by DuckDB's own names of the types.

Sources: Google, BigQuery REST, ``TableFieldSchema.type``, ``tabledata.list``, ``DataFormatOptions``; "Data types"
(canonical formats of INTERVAL, RANGE, NUMERIC, JSON); "Geography functions" (ST_ASTEXT writes no space after a shape's
name). How a TIMESTAMP's seconds are written isn't documented: as Java writes a double, which users report.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

_NAMES = {
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "NULL", '"NULL"'), "INTEGER"),
    **dict.fromkeys(("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"), "INTEGER"),
    **dict.fromkeys(("FLOAT", "DOUBLE"), "FLOAT"),
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"), "DATETIME"),
    **dict.fromkeys(("TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE"), "TIMESTAMP"),
    **dict.fromkeys(("TIME", "TIMETZ", "TIME WITH TIME ZONE"), "TIME"),
    **{name: name for name in ("BOOLEAN", "DATE", "INTERVAL", "JSON")},
    "BLOB": "BYTES",
    "GEOMETRY": "GEOGRAPHY",
}
"""DuckDB's types, and those of the REST API; any other is a STRING."""

_RANGED = frozenset({"DATE", "DATETIME", "TIMESTAMP"})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PARTS = re.compile(r'"(?:[^"]|"")*"|[(),]|[^"(),]+')
_INTERVAL = re.compile(
    r"([+-]?)(\d{1,5})-(\d{1,2}) ([+-]?\d{1,7}) ([+-]?)(\d{1,8}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,9}))?", re.ASCII
)
_SPACE_BEFORE_SHAPE = re.compile(r"(?<=[A-Z]) \(")


@dataclass(frozen=True, kw_only=True)
class ValueFormat:
    """How values are written.

    Attributes:
        shape: Writes a geometry's bytes as text.
        int64_timestamps: A TIMESTAMP is a whole number of microseconds; else its seconds, which lose precision.
    """

    shape: Callable[[bytes], str]
    int64_timestamps: bool


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A type.

    Attributes:
        name: Its name in the REST API; that of its elements, if it is repeated.
        repeated: An array of that.
        fields: The fields of a RECORD.
        element: What a RANGE is of.
    """

    name: str
    repeated: bool = False
    fields: tuple[tuple[str, Kind], ...] = ()
    element: str = ""

    def field(self, name: str, *, required: bool = False) -> dict[str, Any]:
        """Write a column of it as the API's ``TableFieldSchema``."""
        mode = "REPEATED" if self.repeated else "REQUIRED" if required else "NULLABLE"
        written: dict[str, Any] = {"name": name, "type": self.name, "mode": mode}
        if self.fields:
            written["fields"] = [kind.field(each) for each, kind in self.fields]
        if self.element:
            written["rangeElementType"] = {"type": self.element}
        return written

    def one(self, how: ValueFormat) -> Callable[[Any], Any]:
        """Return what writes one value of it, an array as ``{"v": …}`` each; NULL is ``None``, or an empty array."""
        single = _writer(self, how)
        if not self.repeated:
            return lambda value: None if value is None else single(value)
        return lambda value: [{"v": None if each is None else single(each)} for each in value or ()]


@cache
def kind_of(duckdb_type: str) -> Kind:
    """Read DuckDB's name of a type, such as ``STRUCT(a BIGINT, b VARCHAR[])``."""
    text = duckdb_type.strip()
    if text.endswith("]"):
        inner = kind_of(text[: text.rindex("[")])
        return Kind(name=inner.name, repeated=True, fields=inner.fields, element=inner.element)
    if text.upper().startswith("STRUCT("):
        fields = tuple((name, kind_of(kind)) for name, kind in _struct_fields(text[text.index("(") + 1 : -1]))
        kinds = [kind for _, kind in fields]
        if [name for name, _ in fields] == ["start", "end"] and kinds[0] == kinds[1] and kinds[0].name in _RANGED:
            return Kind(name="RANGE", element=kinds[0].name)
        return Kind(name="RECORD", fields=fields)
    if text.upper().startswith("DECIMAL"):
        return Kind(name="NUMERIC")
    return Kind(name=_NAMES.get(text.upper(), "STRING"))


def _struct_fields(text: str) -> list[tuple[str, str]]:
    """Split ``"a b" BIGINT, c DECIMAL(38,9)`` at the commas outside parentheses and quotes."""
    parts, depth = [""], 0
    for piece in _PARTS.findall(text):
        depth += (piece == "(") - (piece == ")")
        if piece == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += piece
    return [_named(part.strip(), place) for place, part in enumerate(filter(str.strip, parts))]


def _named(text: str, place: int) -> tuple[str, str]:
    """A field's name and type. DuckDB writes the type alone, or names it by its place, where it has no name."""
    if text.startswith('"'):
        quoted = _PARTS.match(text)
        name = quoted.group() if quoted else text
        return name[1:-1].replace('""', '"'), text[len(name) :].strip()
    name, _, kind = text.partition(" ")
    if not kind or "(" in name or text.upper() in _NAMES:
        return f"_field_{place + 1}", text
    return f"_field_{place + 1}" if name == f"_{place}" else name, kind.strip()


def unique_names(names: Iterable[str]) -> list[str]:
    """Name the columns of a result apart, as BigQuery does: the second ``a`` is ``a_1``."""
    seen: dict[str, int] = {}
    made = []
    for name in names:
        count = seen.get(name, 0)
        seen[name] = count + 1
        made.append(f"{name}_{count}" if count else name)
    return made


def _writer(kind: Kind, how: ValueFormat) -> Callable[[Any], Any]:
    if kind.name == "RECORD":
        writers = [inner.one(how) for _, inner in kind.fields]
        return lambda value: {"f": [{"v": write(each)} for write, each in zip(writers, _parts(value), strict=True)]}
    if kind.name == "RANGE":
        ends = _writer(Kind(name=kind.element), how)
        return lambda value: f"[{_end(value['start'], ends)}, {_end(value['end'], ends)})"
    if kind.name == "GEOGRAPHY":
        return lambda value: _SPACE_BEFORE_SHAPE.sub("(", how.shape(value))
    if kind.name == "TIMESTAMP" and not how.int64_timestamps:
        return _seconds
    return _SCALARS.get(kind.name, str)


def _parts(value: Any) -> Iterable[Any]:  # noqa: ANN401  (a struct as DuckDB hands it over: a tuple without names)
    return value.values() if isinstance(value, dict) else value


def _end(value: Any, write: Callable[[Any], str]) -> str:  # noqa: ANN401  (a date or a time)
    return "UNBOUNDED" if value is None else write(value)


def _float(value: float) -> str:
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    mantissa, exponent, power = repr(value).partition("e")
    return _scientific(mantissa, power) if exponent else mantissa


def _scientific(mantissa: str, power: str) -> str:
    return f"{mantissa}{'' if '.' in mantissa else '.0'}E{int(power)}"


def _decimal(value: Any) -> str:  # noqa: ANN401  (a Decimal)
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _microseconds(value: datetime) -> str:
    since = (value if value.tzinfo else value.replace(tzinfo=UTC)) - _EPOCH
    return str(since // timedelta(microseconds=1))


def _seconds(value: datetime) -> str:
    seconds = int(_microseconds(value)) / 1_000_000
    if seconds == 0 or 1e-3 <= abs(seconds) < 1e7:
        return repr(seconds)
    mantissa, _, power = f"{Decimal(repr(seconds)).normalize():E}".partition("E")
    return _scientific(mantissa, power)


def interval_text(months: int, days: int, nanoseconds: int) -> str:
    """Write an interval as ``[sign]Y-M [sign]D [sign]H:M:S[.F]``: each of the three parts has its own sign."""
    years, rest = divmod(abs(months), 12)
    seconds, fraction = divmod(abs(nanoseconds) // 1000, 1_000_000)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    digits = f".{fraction:06d}".rstrip("0") if fraction else ""
    signs = ["-" if part < 0 else "" for part in (months, nanoseconds)]
    return f"{signs[0]}{years}-{rest} {days} {signs[1]}{hours}:{minute}:{second}{digits}"


def interval_parts(text: str) -> tuple[int, int, int] | None:
    """Read what :func:`interval_text` writes: months, days and nanoseconds; ``None`` if it is written otherwise."""
    found = _INTERVAL.fullmatch(text.strip())
    if found is None:
        return None
    sign, years, months, days, minus, hours, minutes, seconds, fraction = found.groups()
    whole = (int(hours) * 60 + int(minutes)) * 60 + int(seconds)
    nanoseconds = whole * 1_000_000_000 + int(f"{fraction or '':0<9}")
    months_in_all = int(years) * 12 + int(months)
    return -months_in_all if sign == "-" else months_in_all, int(days), -nanoseconds if minus == "-" else nanoseconds


_SCALARS: dict[str, Callable[[Any], str]] = {
    "INTEGER": str,
    "FLOAT": _float,
    "NUMERIC": _decimal,
    "BOOLEAN": lambda value: "true" if value else "false",
    "BYTES": lambda value: base64.b64encode(value).decode(),
    "DATE": lambda value: value.isoformat(),
    "TIME": lambda value: value.isoformat(),
    "DATETIME": lambda value: value.isoformat(),
    "TIMESTAMP": _microseconds,
    "JSON": lambda value: json.dumps(json.loads(value), separators=(",", ":"), ensure_ascii=False),
    "INTERVAL": lambda value: interval_text(value[0], value[1], value[2]),
}
