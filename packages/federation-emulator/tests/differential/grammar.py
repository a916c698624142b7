"""A grammar of random GoogleSQL. Every relation has the columns ``id`` and ``word``, so most statements are valid."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from typing import Any, TypeVar

from tests.differential import pieces
from tests.differential.gateway import Asked
from tests.differential.text import quoted
from tests.emulator.google_server import PROJECT, SECOND_PROJECT

_PLACE = re.compile("\x02([0-9]+)\x03")
_SPACED = re.compile("`[^`]*`|'[^']*'")
_HOLE = re.compile(r"\{([sib])\}")


_T = TypeVar("_T")


class Grammar:
    """Writes one statement.

    Args:
        rng: What chooses.
        depth: How deep queries may be in each other; a random one if left out.
    """

    def __init__(self, rng: random.Random, *, depth: int = 0) -> None:
        self._rng = rng
        self._depth = depth or rng.choice([0, 0, 0, 1, 1, 2])
        self._named = rng.random() < 0.5
        self._parameters: list[dict[str, Any]] = []
        self._entries: list[list[str]] = []
        self._rows: list[list[str]] = []
        self._default = rng.choice([None, None, (PROJECT, "shop"), (SECOND_PROJECT, "vault"), (None, "vault")])
        self._commented = rng.random() < 0.3

    def query(self) -> Asked:
        """Write a query."""
        return self._asked(self._query(self._depth))

    # Queries

    def _query(self, depth: int) -> str:
        entries: list[str] = []
        written = ""
        if depth > 0 and self._chance(0.3):
            recursive = self._chance(0.2)
            self._entries.append(entries)
            parts = []
            for _ in range(self._one_of((1, 1, 2))):
                name = self._one_of(pieces.NAMES)
                parts.append(f"{name} AS ({self._entry(name, depth, recursive=recursive)})")
                entries.append(name)
            written = f"WITH {'RECURSIVE ' if recursive else ''}{', '.join(parts)} "
        body = self._select(depth)
        while depth > 0 and self._chance(0.2):
            kind = self._one_of(("UNION ALL", "UNION DISTINCT", "INTERSECT DISTINCT", "EXCEPT DISTINCT"))
            other = self._select(depth - 1)
            body = f"({body}) {kind} ({other})" if self._chance(0.5) or "LIMIT" in body + other else body
        if entries:
            self._entries.pop()
        return written + body

    def _entry(self, name: str, depth: int, *, recursive: bool) -> str:
        if recursive and self._chance(0.7):
            start = self._select(depth - 1, plain=True)
            return f"{start} UNION ALL SELECT id + 1, word FROM {name} WHERE id < 3"
        return self._query(depth - 1)

    def _select(self, depth: int, *, plain: bool = False) -> str:
        source, rows = self._from(depth)
        self._rows.append(rows)
        grouped = self._chance(0.2)
        named = "" if plain or grouped or self._chance(0.8) else " WINDOW w AS (ORDER BY id)"
        where = f" WHERE {self._bool(depth)}" if self._chance(0.4) else ""
        if grouped:
            text = self._filled(self._one_of(pieces.AGGREGATES), 0)
            select = f"SELECT COUNT(*) AS id, {text} AS word FROM {source}{where}"
            select += f" GROUP BY {self._int(0)}" if self._chance(0.3) else ""
            select += f" HAVING COUNT(*) >= {self._scalar_int(depth)}" if self._chance(0.3) else ""
        else:
            word = self._word(depth, window=bool(named))
            distinct = "DISTINCT " if self._chance(0.1) else ""
            more = (
                f", {self._scalar(depth)} AS {self._one_of(pieces.NAMES)}"
                if depth == self._depth and self._chance(0.3)
                else ""
            )
            select = f"SELECT {distinct}{self._int(1)} AS id, {word} AS word{more} FROM {source}{where}"
            if not distinct and self._chance(0.1):
                select += f" QUALIFY ROW_NUMBER() OVER (ORDER BY {self._scalar_int(depth)}) < 9"
        select += named
        if not plain and self._chance(0.25):
            select += f" ORDER BY {self._scalar_int(depth)}" if self._chance(0.3) else " ORDER BY 1"
        if not plain and self._chance(0.25):
            select += f" LIMIT {self._one_of(('1', '2', '3 OFFSET 1', self._parameter('INT64', '2')))}"
        self._rows.pop()
        return select

    def _from(self, depth: int) -> tuple[str, list[str]]:
        alias = self._one_of(pieces.NAMES)
        written, rows = f"{self._relation(depth)} AS {alias}", [alias]
        if self._chance(0.5 if depth == self._depth else 0.2):
            second = self._one_of([name for name in pieces.NAMES if name.lower() != alias.lower()])
            kind = self._one_of(("JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "INNER JOIN", "CROSS JOIN", ","))
            written += f" {kind} {self._relation(depth - 1)} {self._one_of(('', 'AS '))}{second}"
            if kind == "CROSS JOIN" or kind == ",":
                rows.append(second)
            elif self._chance(0.4):
                written += " USING (id)"
            else:
                rows.append(second)
                self._rows.append(rows)
                on = self._bool(depth - 1) if self._chance(0.4) else f"{alias}.id = {second}.id"
                written += f" ON {on}"
                self._rows.pop()
        if self._chance(0.1):
            written += f", UNNEST([{self._string(0)}]) AS u{self._one_of((' WITH OFFSET AS o', ''))}"
        return written, rows

    def _relation(self, depth: int) -> str:
        known = [name for entries in self._entries for name in entries]
        if known and self._chance(0.4):
            return self._one_of(known)
        if depth > 0 and self._chance(0.3):
            return f"({self._query(depth - 1)})"
        odd = self._rng.random()
        if odd < 0.04:
            return self._one_of(pieces.WILDCARDS)
        if odd < 0.07:
            return f"(FROM {self._table()} |> WHERE {self._int(0)} < 2 |> SELECT id, word)"
        if odd < 0.08:
            where = self._one_of(("shop", f"`{SECOND_PROJECT}`.vault", f"`{PROJECT}.shop`"))
            return f"(SELECT 1 AS id, table_name AS word FROM {where}.INFORMATION_SCHEMA.TABLES)"
        if odd < 0.12:
            return f"(SELECT 1 AS id, word FROM {self._table()} PIVOT (COUNT(*) FOR id IN (1 AS one, 2)))"
        if odd < 0.15:
            return f"(SELECT 1 AS id, word FROM {self._table()} UNPIVOT (x FOR y IN (id)))"
        if odd < 0.2:
            return f"UNNEST([STRUCT({self._int(0)} AS id, {self._string(0)} AS word)])"
        if odd < 0.26:
            of = self._one_of(pieces.NAMES)
            return f"(SELECT {of}.id, tag AS word FROM {self._table()} AS {of}, UNNEST({of}.tags) AS tag)"
        return self._table()

    def _table(self) -> str:
        return self._one_of(pieces.BARE if self._default and self._chance(0.3) else pieces.TABLES)

    # Expressions

    def _word(self, depth: int, *, window: bool) -> str:
        if self._chance(0.15):
            text = self._one_of(pieces.WINDOWS)
            return self._filled(text if window or ("w)" not in text and " w" not in text) else "MAX({s}) OVER ()", 0)
        return self._scalar(depth) if self._chance(0.3) else self._string(self._one_of((1, 1, 2)))

    def _scalar(self, depth: int) -> str:
        """Write a string that another query has."""
        if depth <= 0:
            return self._string(0)
        kind = self._rng.randrange(5)
        if kind == 0:
            return f"(SELECT MAX(word) FROM {self._relation(depth - 1)})"
        if kind == 1:
            return f"ARRAY_TO_STRING(ARRAY(SELECT word FROM {self._relation(depth - 1)}), ',')"
        if kind == 2:
            return f"STRUCT((SELECT ANY_VALUE(word) FROM {self._relation(depth - 1)}) AS word).word"
        if kind == 3:
            return f"IF(EXISTS (SELECT 1 FROM {self._relation(depth - 1)}), {self._string(1)}, 'no')"
        return f"(SELECT word FROM ({self._query(depth - 1)}) ORDER BY word LIMIT 1)"

    def _scalar_int(self, depth: int) -> str:
        if depth <= 0 or self._chance(0.6):
            return "1"
        return f"(SELECT COUNT(*) FROM {self._relation(depth - 1)})"

    def _string(self, depth: int) -> str:
        if depth > 0 and self._chance(0.5):
            return self._filled(self._one_of(pieces.STRING_FUNCTIONS), depth - 1)
        if self._chance(0.5) and self._rows and self._rows[-1]:
            return self._name_of_row(self._one_of(self._rows[-1]))
        if self._chance(0.15):
            return f"CAST({self._parameter(*self._one_of(pieces.SCALARS[:2]))} AS STRING)"
        if self._chance(0.1):
            return f"TO_JSON_STRING({self._parameter(*self._one_of(pieces.SCALARS))})"
        return self._literal()

    def _name_of_row(self, row: str) -> str:
        return self._one_of((f"{row}.word", f"{row}.`word`", f"{row}.WORD"))

    def _int(self, depth: int) -> str:
        if depth > 0 and self._chance(0.5):
            return f"({self._filled(self._one_of(pieces.INT_FUNCTIONS), depth - 1)})"
        if self._chance(0.6) and self._rows and self._rows[-1]:
            return f"{self._one_of(self._rows[-1])}.id"
        return self._one_of(("0", "1", "2", "-1", "0x1", self._parameter("INT64", "3") if depth else "4"))

    def _bool(self, depth: int) -> str:
        if depth > 0 and self._chance(0.3):
            inner = self._relation(depth - 1)
            return self._one_of(
                (
                    f"EXISTS (SELECT 1 FROM {inner})",
                    f"{self._int(0)} IN (SELECT id FROM {inner})",
                    f"{self._string(0)} NOT IN (SELECT word FROM {inner})",
                    f"(SELECT COUNT(*) FROM {inner}) > {self._int(0)}",
                )
            )
        return f"({self._filled(self._one_of(pieces.BOOL_FUNCTIONS), min(depth, 1))})"

    def _filled(self, template: str, depth: int) -> str:
        write = {"s": self._string, "i": self._int, "b": self._bool}
        return _HOLE.sub(lambda hole: write[hole[1]](depth - 1), template).replace("{{", "{").replace("}}", "}")

    def _literal(self) -> str:
        text = "".join(self._rng.choices(pieces.TEXTS, k=self._rng.choice([0, 0, 0, 1, 1, 2])))
        return quoted(self._rng, text).replace(" ", "\x01")

    def _parameter(self, kind: str, value: str | None) -> str:
        if value == "x":
            value = self._one_of(pieces.TEXTS)
        wire: dict[str, Any] = {"parameterType": {"type": kind}, "parameterValue": {"value": value}}
        if self._chance(0.2) and kind != "INT64":
            wire = {
                "parameterType": {"type": "ARRAY", "arrayType": {"type": kind}},
                "parameterValue": {"arrayValues": [{"value": value}]},
            }
            take = "{}[SAFE_OFFSET(0)]"
        else:
            take = "{}"
        if not self._named:
            self._parameters.append(wire)
            return take.format(f"\x02{len(self._parameters) - 1}\x03")
        name = f"{self._one_of(('p', 'kpp', 'word', 'SELECT', 'a_'))}{len(self._parameters)}"
        self._parameters.append({"name": name, **wire})
        return take.format(f"@{self._one_of((name, name.upper(), f'`{name}`'))}")

    # Text

    def _asked(self, written: str) -> Asked:
        # A space in a name or string is no gap.
        kept = _SPACED.sub(lambda name: name[0].replace(" ", "\x01"), written)
        text = re.sub(" ", lambda _: self._gap(), kept).replace("\x01", " ")
        settings: dict[str, Any] = {}
        if not self._named:
            # They count by their places in the text.
            self._parameters = [self._parameters[int(number)] for number in _PLACE.findall(text)]
            text = _PLACE.sub("?", text)
        if self._parameters:
            settings = {
                "queryParameters": self._parameters,
                "parameterMode": "NAMED" if self._named else "POSITIONAL",
            }
        if self._default:
            project, dataset = self._default
            settings["defaultDataset"] = {"datasetId": dataset, **({"projectId": project} if project else {})}
        payer = SECOND_PROJECT if self._chance(0.3) else PROJECT
        return Asked(sql=text + self._one_of(("", "", ";", " -- end", "; # '")), payer=payer, settings=settings)

    def _gap(self) -> str:
        return f" {self._one_of(pieces.COMMENTS)} " if self._commented and self._chance(0.1) else " "

    def _chance(self, of: float) -> bool:
        return self._rng.random() < of

    def _one_of(self, options: Sequence[_T]) -> _T:
        return self._rng.choice(options)
