"""Every case of the table: refused as it says, and let in after the smallest change."""

from __future__ import annotations

import json

import pytest

from infra.program import ROOT
from local_cloud.trace import Decision, Link
from tests.denials.case import Case
from tests.denials.cases import CASES
from tests.denials.document import FILE, document
from tests.denials.world import Outcome, World

_QUERY_LINKS = {Link.JOB, Link.TABLE}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "_"))
def test_it_is_refused_and_after_the_smallest_change_it_succeeds(case: Case, world: World) -> None:
    case.wrong(world)
    refused = world.walk()
    decision = next((d for d in reversed(world.google.decisions()) if not d.allowed), None)
    _check_answer(case, refused)
    _check_trace(case, decision)
    _check_no_secret(world, refused.answer.text)
    case.right(world)
    outcome = world.walk()
    assert outcome.arrived, f"after the change: {outcome.link.value}: {outcome.answer.text}"


def _check_answer(case: Case, refused: Outcome) -> None:
    """Google's status, its error code where the shape of this link has it, and its words."""
    answer = refused.answer
    assert not refused.arrived, "it was let in"
    assert refused.link is case.link or {refused.link, case.link} <= _QUERY_LINKS, f"refused at {refused.link.value}"
    assert answer.headers["content-type"].startswith("application/json")
    body = answer.json()
    if case.link is Link.TOKEN_EXCHANGE and case.error != "PERMISSION_DENIED":
        assert set(body) == {"error", "error_description"}
        code, message = body["error"], body["error_description"]
    else:
        assert set(body) == {"error"}
        error = body["error"]
        assert error["code"] == answer.status_code
        code = error["errors"][0]["reason"] if refused.link in _QUERY_LINKS else error["status"]
        message = error["message"]
    assert (answer.status_code, code) == (case.status, case.error), message
    assert case.says in message
    if case.status == 401:
        assert answer.headers["www-authenticate"].startswith("Bearer ")


def _check_trace(case: Case, decision: Decision | None) -> None:
    """The link that refused knows why, by which rule, and how near it was."""
    if case.part is None:
        return
    assert decision is not None, "the refusal left no trace"
    assert decision.refusal is not None
    assert (decision.link, decision.refusal.part) == (case.link, case.part), decision.refusal
    assert case.rule in decision.refusal.rule
    assert all((decision.refusal.saw, decision.refusal.wanted, decision.refusal.mend))


def _check_no_secret(world: World, told: str) -> None:
    trace = json.dumps([decision.to_json() for decision in world.google.decisions()])
    for secret in filter(None, world.seen):
        assert secret not in told, "the refusal gives a secret away"
        assert secret not in trace, "the trace gives a secret away"


def test_the_right_caller_gets_rows(world: World) -> None:
    assert world.walk().arrived


def test_every_case_has_a_name_of_its_own_and_there_are_enough() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)
    assert len(names) >= 40


def test_the_document_is_the_table() -> None:
    assert (ROOT / FILE).read_text() == document(), "run `python -m tests.denials`"
