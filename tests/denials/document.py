"""The denial table as a document for people: ``docs/denials.md``."""

from __future__ import annotations

from collections.abc import Iterator

from local_cloud.trace import Link
from tests.denials.case import Case
from tests.denials.cases import CASES

FILE = "docs/denials.md"

_INTRODUCTION = """\
# Who is refused

Ways of getting in that must fail. Each is tried over HTTP against the running local cloud, with signatures that the
local AWS really checks; each is refused at the link and by the rule that the table names, with Google's status and
code; and each is let in, rows included, after the one change that puts it right. The cases are `tests/denials/`; this
table is written by `python -m tests.denials`, and a test holds it to the cases.

Words in quotes are Google's own, as far as they are publicly known; the tests hold the whole text. Where it can be, a
case is tried twice: with requests made by hand, and with google-auth and google-cloud-bigquery as the function uses
them. No refusal, and nothing that is kept of it, holds a key, a signature, a token or a row.
"""

_HEADINGS = {
    Link.TOKEN_EXCHANGE: "At the token exchange",
    Link.IMPERSONATION: "At the impersonation",
    Link.JOB: "At the job",
    Link.TABLE: "At the table",
    Link.ADMINISTRATION: "At the policies",
}


def document() -> str:
    """The whole document."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield _INTRODUCTION
    for link, heading in _HEADINGS.items():
        found = [case for case in CASES if case.link is link]
        yield f"## {heading}: {len(found)}\n"
        yield "| refused | looked at | by the rule | answer | let in, if |"
        yield "| --- | --- | --- | --- | --- |"
        yield from map(_row, found)
        yield ""


def _row(case: Case) -> str:
    answer = f"{case.status} `{case.error}`" + (f' "{_first_sentence(case.says)}"' if case.says else "")
    cells = (case.name, case.part.value, case.rule, answer, case.change)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _first_sentence(text: str) -> str:
    first, more, _ = text.partition(". ")
    return f"{first}. …" if more else text
