"""The table of fields in SUPPORT.md."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from federation_emulator.services.bigquery.fields import FIELDS, Fate, fate_of, properties

FILE = "packages/federation-emulator/SUPPORT.md"
HEADING = "## BigQuery's fields\n"

_INTRODUCTION = """
Sources: [BigQuery API v2](https://cloud.google.com/bigquery/docs/reference/rest) and its discovery document. Each field
of it is in this table, which `make fields` writes, and is sent by a test.

*Enforced*: it has Google's effect. *Kept*: it is answered as it was set, and no more. *No effect*: accepted, and there
is nothing here that it would change. *Answers only*: ignored when it is sent, as Google does. *501*: refused by its
name, unless it asks for nothing (`null`, `false`, `""`, `0`, an empty list, `…_UNSPECIFIED`, `STRUCT_ENCODING`).

"""


def written(text: str) -> str:
    """The file's text with the section as it has to be."""
    before, _, after = text.partition(HEADING)
    _, mark, rest = after.partition("\n## ")
    return before + HEADING + "\n".join(_lines()) + ("\n" + mark + rest if mark else "\n")


def _lines() -> Iterator[str]:
    yield _INTRODUCTION.strip("\n").join("\n\n")
    yield "|message|what becomes of a field|fields|"
    yield "|---|---|---|"
    for message in FIELDS:
        fates = sorted((list(Fate).index(fate_of(message, name)), name) for name in properties(message))
        for place, names in groupby(fates, key=lambda each: each[0]):
            listed = (_cell(message, name) for _, name in names)
            yield f"|{message}|{list(Fate)[place]}|{', '.join(listed)}|"


def _cell(message: str, name: str) -> str:
    note = FIELDS[message].get(name, (None, ""))[1]
    return f"`{name}` ({note})" if note else f"`{name}`"
