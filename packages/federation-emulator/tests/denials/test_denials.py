"""Every case of the table: refused as it says, and let in after the smallest change."""

from __future__ import annotations

import json
from typing import Any

import pytest
from google.api_core.exceptions import GoogleAPICallError
from google.auth.exceptions import GoogleAuthError

from federation_emulator.core.trace import Decision, Link, Part, to_json
from keyless_bigquery.components.program import ROOT
from tests.denials.case import Case
from tests.denials.cases import CASES
from tests.denials.document import FILE, document
from tests.denials.world import Outcome, World

_QUERY_LINKS = {Link.JOB, Link.TABLE}
_ROWS = ("users-1", "secrets-1")
_REASONS = {Part.PERMISSION: "IAM_PERMISSION_DENIED", Part.REQUEST: "SERVICE_DISABLED"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "_"))
def test_it_is_refused_and_after_the_smallest_change_it_succeeds(case: Case, world: World) -> None:
    case.wrong(world)
    before = world.google.decisions()
    refused = world.walk()
    _check_answer(case, refused)
    _check_trace(case, world.google.decisions()[len(before) :])
    _check_nothing_given_away(world, refused)
    if world.plain:
        with pytest.raises((GoogleAuthError, GoogleAPICallError)) as raised:
            world.walk_with_real_clients()
        assert case.says in " ".join(map(str, raised.value.args))
    case.right(world)
    if world.plain:
        assert world.walk_with_real_clients(), "no rows after the change"
    else:
        outcome = world.walk()
        assert outcome.arrived, f"after the change: {outcome.link}: {outcome.answer.text}"


def _check_answer(case: Case, refused: Outcome) -> None:
    """Google's status, its error code where the shape of this link has it, and its words."""
    answer = refused.answer
    assert not refused.arrived, "it was let in"
    same = refused.link in (case.link, None) or {refused.link, case.link} <= _QUERY_LINKS
    assert same, f"refused at {refused.link}"
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
        _check_details(case, error)
    assert (answer.status_code, code) == (case.status, case.error), message
    assert case.says in message
    if case.status == 401:
        assert answer.headers["www-authenticate"].startswith("Bearer ")


def _check_details(case: Case, error: dict[str, Any]) -> None:
    """A 403 says to programs which permission or which API is missing."""
    reason = _REASONS.get(case.part)
    if error["code"] == 403 and reason is not None:
        info = error["details"][-1]
        assert (info["@type"], info["reason"]) == ("type.googleapis.com/google.rpc.ErrorInfo", reason)
        assert info["metadata"].get("permission", case.rule) in case.rule


def _check_trace(case: Case, decisions: list[Decision]) -> None:
    """All links before let it pass; the one that refused knows why, by which rule, and how near it was."""
    assert decisions, "the walk left no trace"
    *passed, last = decisions
    assert all(decision.allowed for decision in passed)
    assert last.refusal is not None, "the refusal left no trace"
    assert (last.link, last.refusal.part) == (case.link, case.part), last.refusal
    assert case.rule in last.refusal.rule
    assert case.actual in last.refusal.actual
    assert all((last.resource, last.refusal.actual, last.refusal.expected, last.refusal.fix))


def _check_nothing_given_away(world: World, refused: Outcome) -> None:
    shown = f"{refused.answer.headers} {refused.answer.text}"
    assert not any(row in shown for row in _ROWS), "the refusal gives a row away"
    trace = json.dumps(to_json(world.google.decisions()))
    for secret in filter(None, world.seen):
        assert secret not in shown, "the refusal gives a secret away"
        assert secret not in trace, "the trace gives a secret away"


def test_the_right_caller_gets_rows(world: World) -> None:
    assert world.walk().answer.json()["totalRows"] == "3"
    assert world.walk_with_real_clients()


def test_every_case_has_a_name_of_its_own_and_there_are_enough() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)
    assert len(names) >= 40


def test_the_document_is_the_table() -> None:
    assert (ROOT / FILE).read_text() == document(), "run `make denials`"
