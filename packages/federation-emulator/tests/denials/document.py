"""The denial table as a document for people: ``docs/denials.md``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from federation_emulator.core.trace import Link
from tests.denials.case import Case
from tests.denials.cases import CASES

FILE = "docs/denials.md"

_ARTICLE = re.compile(r"^(?:an?|the) ")

_INTRODUCTION = """\
# Who is refused

Each line is a way in that must fail: tests try it over HTTP on the local cloud, whose AWS verifies signatures. It is
refused at this link, by this rule, with this status and code, and allowed after one change, which
`packages/federation-emulator/tests/denials/` has with Google's own words. Where possible, a case also runs with
google-auth and google-cloud-bigquery. No refusal, and nothing kept of it, holds a key, signature, token or row.
`make denials` writes this page, and a test compares it.
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
        found = sorted((case for case in CASES if case.link is link), key=_rule)
        yield f"## {heading}: {len(found)}\n"
        yield "|rule|answer|refused|"
        yield "|---|---|---|"
        yield from (_row(list(cases)) for _, cases in groupby(found, key=_rule))
        yield ""


def _rule(case: Case) -> tuple[str, int, str]:
    return case.rule, case.status, case.error


def _row(cases: Sequence[Case]) -> str:
    """One rule: each way in that it refuses stands on a line of its own."""
    rule, status, error = _rule(cases[0])
    cells = (rule, f"{status} `{error}`", "<br>".join(_ways(_ARTICLE.sub("", case.name) for case in cases)))
    return f"|{'|'.join(cell.replace('|', '&#124;') for cell in cells)}|"


def _ways(names: Iterable[str]) -> Iterator[str]:
    """A line for each way in; those in a row that share their "where" share a line, which begins with it."""
    for where, alike in groupby(names, key=lambda name: name.partition(", where ")[2]):
        found = list(alike)
        if not where or len(found) == 1:
            yield from found
        else:
            yield f"where {where}: {'; '.join(name.partition(', where ')[0] for name in found)}"
