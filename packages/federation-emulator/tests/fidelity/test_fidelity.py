"""Each case is answered as it says, no case is unfounded, and the page is made of the cases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from keyless_bigquery.components.program import ROOT
from tests.docs.pages import read
from tests.fidelity import model
from tests.fidelity.comparing import differences
from tests.fidelity.model import Case, Certainty
from tests.fidelity.page import FILE, page
from tests.fidelity.world import World, world

CASES = [case for _, case in model.cases()]
LEAST_SHARED = 18
HEADINGS = {
    "Google STS": "Security Token Service",
    "Google STS, of a signed token": "Security Token Service",
    "IAM Credentials": "IAM Credentials",
    "BigQuery": "BigQuery",
}
RIGHT: dict[str, Any] = {
    "id": "a",
    "title": "a fact",
    "request": {"method": "GET", "path": "/v1/x"},
    "expect": {"status": 400},
    "certainty": "certain",
    "sources": ["errors"],
}


@pytest.fixture(scope="module")
def deployed(bigquery_url: str) -> Iterator[World]:
    with world(bigquery_url) as made:
        yield made


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_case_is_answered_as_it_says(deployed: World, case: Case) -> None:
    assert not differences(case, deployed.answer(case), deployed)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"sources": []}, "a certain case names its source"),
        ({"certainty": "approximate"}, "says in `why` what is not public"),
        ({"why": "unknown"}, "says in `why` what is not public"),
        ({"certainty": "not-served"}, "what is not served is 501"),
        ({"certainty": "not-served", "expect": {"status": 501}}, "names it"),
        ({"certainty": "sure"}, "certain"),
        ({"expect": {"status": 400, "matches": "("}}, "matches"),
        ({"id": "A b"}, "pattern"),
        ({"unknown": 1}, "Extra inputs"),
        ({"request": {"method": "GET", "path": "/v1/x", "json": {}, "text": ""}}, "one of form, json and text"),
    ],
)
def test_an_unfounded_case_is_refused(changes: dict[str, Any], says: str) -> None:
    assert Case.model_validate(RIGHT).certainty is Certainty.CERTAIN
    with pytest.raises(ValidationError, match=says):
        Case.model_validate({**RIGHT, **changes})


def test_every_problem_of_the_files_is_reported_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = "{id: a, title: t, request: {method: GET, path: /x}, expect: {status: 200}, certainty: certain"
    (tmp_path / "one.yaml").write_text(f"api: One\norder: 1\ncases: [{case}, sources: [errors, nowhere]}}]")
    (tmp_path / "two.yaml").write_text(f"api: Two\norder: 2\ncases: [{case}, sources: [errors]}}]")
    (tmp_path / "three.yaml").write_text(f"api: Three\norder: 3\ncases: [{case}}}]")
    monkeypatch.setattr(model, "FOLDER", tmp_path)
    with pytest.raises(model.FidelityError) as raised:
        model.files.__wrapped__()
    lines = str(raised.value).splitlines()
    assert any(line.startswith("three.yaml: cases.0") for line in lines)
    assert "a: 2 cases have this id" in lines
    assert "a: there is no source nowhere" in lines


def test_every_approximation_is_a_case() -> None:
    assert "≈" not in (ROOT / "packages/federation-emulator/SUPPORT.md").read_text()


def test_the_page_is_the_one_that_is_generated() -> None:
    assert (ROOT / FILE).read_text() == page(), "run `make fidelity`"


def test_what_the_function_explains_is_what_the_local_google_answers() -> None:
    """``tests/runtime/answers.md`` has answers of Google's too, to be explained: what is in both is the same."""
    tables = {table.heading: table.rows[1:] for table in read(ROOT / "tests/runtime/answers.md").tables}
    answers = [(api, [cell.strip() for cell in row]) for name, api in HEADINGS.items() for row in tables[name]]
    same = [
        (row, case)
        for api, row in answers
        for file, case in model.cases()
        if file.api == api and (text := _pattern(case)) and re.fullmatch(text, row[1])
    ]
    assert len({row[1] for row, _ in same}) >= LEAST_SHARED
    for (answer, _message, *_others, source), case in same:
        status, _, code = answer.rpartition(" ")
        assert not status or int(status) == case.expect.status, case.id
        assert code in {case.expect.error, case.expect.reason} or (case.expect.error, case.expect.reason) == (
            None,
            None,
        )
        assert not (source.startswith("?") and case.certainty is Certainty.CERTAIN), case.id


def _pattern(case: Case) -> str:
    """What a case says of the text, whatever its fixtures are; empty if that is nothing of its own."""
    exact = case.expect.message
    text = re.escape(exact).replace(r"\{", "{").replace(r"\}", "}") if exact else case.expect.matches or ""
    return re.sub(r"\{[a-z_]+\}", ".+", text)
