"""The table of what is served names every route and no other, says who may call it, and where that comes from."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from federation_emulator.core.app import _ROUTES
from keyless_bigquery.components.program import ROOT
from tests.emulator.google_server import Google

SECTIONS = {
    "## IAM: pools and providers": "/v1/projects/{project}/locations/global/workloadIdentityPools",
    "## IAM: service accounts": "/v1/projects/{project}/serviceAccounts",
    "## BigQuery": "/bigquery/v2/projects/{project}",
}
ITS_OWN = "## Its own"
LOCAL_AWS = "## The local AWS"
LINES = (ROOT / "packages/federation-emulator/SUPPORT.md").read_text().splitlines()
SERVED = {(method, path.replace(":name}", "}")) for method, path, _handler in _ROUTES}
FILLED = {"{project}": "local-keyless", "{account}": "a@b.c", "{service}": "iam.googleapis.com"}


def sections() -> dict[str, list[str]]:
    """The lines below each heading."""
    found: dict[str, list[str]] = {}
    for line in LINES:
        if line.startswith("## "):
            found[line] = []
        elif found:
            found[list(found)[-1]].append(line)
    return found


def rows() -> Iterator[tuple[str, list[tuple[str, str]], list[str]]]:
    """Each row of each table: its section, its routes, its cells."""
    for heading, lines in sections().items():
        for line in lines:
            if line.startswith("| `"):
                cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
                named = re.findall(r"`(GET|HEAD|POST|PUT|PATCH|DELETE) ([^`]+)`", cells[0])
                prefix = SECTIONS.get(heading, "")
                yield heading, [(method, path.replace("…", prefix, 1)) for method, path in named], cells


def test_the_table_names_every_route_once_and_no_other() -> None:
    named = [route for _, routes, _ in rows() for route in routes]
    assert sorted(named) == sorted(SERVED)


def test_every_row_says_what_is_checked_or_what_is_not() -> None:
    for heading, routes, cells in rows():
        assert len(cells) == (2 if heading == ITS_OWN else 3), routes
        assert any(cells[1:]), routes


@pytest.mark.parametrize("heading", [heading for heading in sections() if heading not in {ITS_OWN, LOCAL_AWS}])
def test_every_section_names_the_pages_of_google_that_it_comes_from(heading: str) -> None:
    text = "\n".join(sections()[heading])
    assert re.search(r"^Sources: \[[^]]+\]\(https://[\w.]*google\w*\.(com|dev)/\S+\)", text, re.MULTILINE)


def test_exactly_what_is_marked_public_answers_without_a_token(shared: Google) -> None:
    marked = {route for _, routes, cells in rows() if "(*public*)" in cells[0] for route in routes}
    answered = set()
    for method, path in SERVED:
        filled = re.sub(r"\{\w+\}", lambda found: FILLED.get(found[0], "some-name"), path)
        if shared.call(method, filled, token=None).status_code != 401:
            answered.add((method, path))
    assert answered == marked
