"""From the engine's JSON to one line for each refusal and an exit code."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyless_tools.guardrails.check import report
from keyless_tools.guardrails.files import judge
from keyless_tools.guardrails.model import UNKNOWN
from keyless_tools.guardrails.plan import PreviewError, read_plan
from keyless_tools.guardrails.preview import known, read
from keyless_tools.guardrails.rules import CHANGE_RULES, RULES, STACK_RULES
from tests import hostile
from tests.previews import STACK, preview, step

KEY = "gcp:serviceaccount/key:Key"
TABLE = "gcp:bigquery/table:Table"
NOT_KNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


BROKEN = preview(step("create", KEY))
KEPT = preview(step("create", "gcp:serviceaccount/account:Account"))


def run(text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    code = judge(["-"])
    message = capsys.readouterr()
    return code, message.out, message.err


def test_a_refusal_is_one_line_and_code_1(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(BROKEN, monkeypatch, capsys)
    assert (code, err) == (1, "")
    refusal, summary = out.splitlines()
    assert refusal.startswith(f"refused no-key: urn:pulumi:s::p::{KEY}::it: its type is {KEY}, a service account key.")
    assert "Fix: remove it" in refusal
    assert summary == "1 resources judged: 1 refused, 0 that can't be judged yet"


def test_nothing_to_refuse_is_code_0(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(KEPT, monkeypatch, capsys)[0] == 0
    assert run(preview(STACK), monkeypatch, capsys)[0] == 0, "a stack that holds nothing"
    assert run(preview(STACK, step("same", TABLE)), monkeypatch, capsys)[0] == 0, "nothing would change"


WHOLE = preview(STACK, step("create", TABLE, "a"), step("update", TABLE, "b"), step("delete", TABLE, "c"))


def changed(change: Callable[[Any], object]) -> str:
    """The whole preview with one thing put wrong."""
    document = json.loads(WHOLE)
    change(document)
    return json.dumps(document)


NO_PREVIEWS: dict[str, tuple[str, str]] = {
    "nothing": ("", "it is empty"),
    "white space": (" \n", "it is empty"),
    "no JSON": ("no", "it begins with 'no'"),
    "cut off": (WHOLE[:-20], "it begins with"),
    "two documents": (WHOLE + WHOLE, "Extra data"),
    "one document a line": (f"{WHOLE}\n{WHOLE}\n", "Extra data"),
    "a list": (f"[{WHOLE}]", "it is a list"),
    "a number": ("5", "it is a number"),
    "null": ("null", "it is missing"),
    "an empty object": ("{}", "`steps` is missing"),
    "no steps": (changed(lambda it: it.pop("steps")), "`steps` is missing"),
    "steps that are null": (changed(lambda it: it.update(steps=None)), "`steps` is missing"),
    "steps that are an object": (changed(lambda it: it.update(steps={})), "`steps` is an object"),
    "no step": (changed(lambda it: it.update(steps=[], changeSummary={})), "`steps` is empty"),
    "a step that is none": (changed(lambda it: it["steps"].append("x")), "`steps[4]` is a text"),
    "no operation": (changed(lambda it: it["steps"][1].pop("op")), "`steps[1].op` is 'None'"),
    "an operation of tomorrow": (changed(lambda it: it["steps"][1].update(op="forget")), "`steps[1].op` is 'forget'"),
    "an operation that is a list": (changed(lambda it: it["steps"][1].update(op=[])), "`steps[1].op` is '[]'"),
    "no URN": (changed(lambda it: it["steps"][1].update(urn="it")), "`steps[1].urn` is 'it'"),
    "a create without a new state": (changed(lambda it: it["steps"][1].pop("newState")), "`steps[1].newState`"),
    "an update without a new state": (changed(lambda it: it["steps"][2].pop("newState")), "`steps[2].newState`"),
    "an update without an old state": (changed(lambda it: it["steps"][2].pop("oldState")), "`steps[2].oldState`"),
    "a delete without an old state": (changed(lambda it: it["steps"][3].pop("oldState")), "`steps[3].oldState`"),
    "a state without a type": (changed(lambda it: it["steps"][1]["newState"].pop("type")), "newState.type"),
    "a state of another type": (changed(lambda it: it["steps"][1]["newState"].update(type=KEY)), "newState` is of"),
    "a state of another resource": (changed(lambda it: it["steps"][1]["newState"].update(urn="u")), "newState` is of"),
    "inputs that are a list": (changed(lambda it: it["steps"][1]["newState"].update(inputs=[])), "newState.inputs"),
    "protection that is a text": (changed(lambda it: it["steps"][2]["oldState"].update(protect="no")), "protect"),
    "reasons that are a text": (changed(lambda it: it["steps"][2].update(diffReasons="x")), "diffReasons"),
    "no summary": (changed(lambda it: it.pop("changeSummary")), "`changeSummary` is missing"),
    "a summary of something else": (changed(lambda it: it.update(changeSummary={"create": "1"})), "`changeSummary`"),
    "a summary that is true": (changed(lambda it: it["changeSummary"].update(create=True)), "counts 'True'"),
    "a create too many": (changed(lambda it: it["changeSummary"].update(create=2)), "counts 2 of `create`"),
    "a delete too few": (changed(lambda it: it["changeSummary"].pop("delete")), "counts 0 of `delete`"),
    "an unchanged one too few": (changed(lambda it: it["changeSummary"].update(same=0)), "counts 0 of `same`"),
    "diagnostics that are none": (changed(lambda it: it.update(diagnostics=["x"])), "`diagnostics[0]`"),
    "a doubled key": (WHOLE[:-1] + ', "steps": []}', "'steps' is there twice"),
    "no number": (WHOLE[:-1] + ', "x": NaN}', "NaN is no JSON"),
    "no end": (WHOLE[:-1] + ', "x": -Infinity}', "-Infinity is no JSON"),
    "a number of 5000 digits": (WHOLE[:-1] + f', "x": {"9" * 5000}}}', "Exceeds the limit"),
    "deep": ("[" * 100_000, "nested too deep"),
    "deep within": (WHOLE[:-1] + f', "x": {"[" * 100_000}{"]" * 100_000}}}', "nested too deep"),
    "bytes that are no UTF-8": (WHOLE[:-1] + ', "x": "\udcff"}', "surrogates not allowed"),
}


@pytest.mark.parametrize("what", NO_PREVIEWS)
def test_what_is_no_whole_preview_is_code_2_on_one_line(
    what: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text, message = NO_PREVIEWS[what]
    code, out, err = run(text, monkeypatch, capsys)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert err.startswith("error: -: this isn't what `pulumi preview --json` prints: ")
    assert message in err
    assert "Make it with `pulumi preview --json --show-sames`" in err


def test_a_value_that_is_nested_too_deep_for_a_rule_is_code_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    deep = step("create", "aws:iam/role:Role", new={"inputs": {"assumeRolePolicy": '{"a":' * 50_000}})
    code, out, err = run(preview(deep), monkeypatch, capsys)
    assert (code, out) == (2, "")
    assert err == "error: -: a value in it is nested too deep to be judged\n"


@given(data=st.data(), value=hostile.texts | st.none() | st.booleans() | st.integers() | st.just([None]))
def test_a_preview_with_any_value_in_any_place_is_judged_or_refused(data: st.DataObject, value: object) -> None:
    schema = '[{"name": "user_id", "type": "STRING", "maxLength": "5", "fields": []}]'
    state = {"inputs": {"schema": schema}}
    document = json.loads(preview(STACK, step("update", TABLE, old=state, new=state), step("create", KEY)))
    place, key = document, data.draw(st.sampled_from(list(document)))
    while isinstance(place[key], dict | list) and place[key]:
        place = place[key]
        key = data.draw(st.sampled_from(list(place) if isinstance(place, dict) else range(len(place))))
    place[key] = value
    try:
        code = report(read(json.dumps(document))).exit_code
    except PreviewError:
        code = 2
    assert code != 0, "a key would be made"


def test_a_preview_that_failed_is_no_clean_bill(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    message = [{"severity": "warning", "message": "w"}, {"severity": "error", "message": "boom\n"}]
    for failed in (preview(STACK, diagnostics=message), json.dumps({"diagnostics": message, "changeSummary": {}})):
        code, out, _ = run(failed, monkeypatch, capsys)
        assert code == 2
        assert "failed  the preview itself: boom" in out


def test_what_a_preview_holds_ends_no_line_of_what_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(preview(step("create", KEY, "a\n0 resources judged\x1b[2J")), monkeypatch, capsys)
    assert code == 1
    assert len(out.splitlines()) == 2
    assert r"a\n0 resources judged\x1b[2J" in out


def test_of_several_files_the_worst_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {name: tmp_path / f"{name}.json" for name in ("broken", "kept", "junk")}
    files["broken"].write_text(BROKEN)
    files["kept"].write_text(KEPT)
    files["junk"].write_bytes(b"\xff")
    names = {name: str(path) for name, path in files.items()}
    assert judge([names["kept"], names["kept"]]) == 0
    assert judge([names["kept"], names["junk"]]) == 2
    assert judge([names["kept"], names["junk"], names["broken"]]) == 1
    assert judge([str(tmp_path / "absent.json")]) == 2
    assert f"{names['broken']}: refused no-key" in capsys.readouterr().out


def test_what_the_engine_does_not_know_yet_is_recognised_at_any_depth() -> None:
    value = {"a": [NOT_KNOWN, {"b": "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2"}], "c": 1, "d": None}
    assert known(value) == {"a": [UNKNOWN, {"b": UNKNOWN}], "c": 1, "d": None}


def test_only_what_would_be_there_is_judged_as_a_resource() -> None:
    gone = [step("delete", KEY, "gone"), step("delete-replaced", KEY, "old")]
    looked_up = step("read", KEY, "looked-up")
    found = read(preview(*gone, looked_up, step("same", KEY, "stays")))
    assert [resource.name for resource in found.resources] == ["stays"]


def test_a_replacement_is_reported_once_though_it_is_three_steps() -> None:
    old, new = {"inputs": {"tableId": "a"}}, {"inputs": {"tableId": "b"}}
    steps = [
        step("create-replacement", TABLE, old=old, new=new, replaceReasons=["tableId"]),
        step("replace", TABLE, old=old, new=new, replaceReasons=["tableId"]),
        step("delete-replaced", TABLE, old=old),
    ]
    assert len(report(read(preview(*steps))).refused) == 1


def test_live_columns_count_more_than_those_last_described() -> None:
    old = {"inputs": {"schema": "[]"}, "outputs": {"schema": '[{"name": "a", "type": "STRING"}]'}}
    found = report(read(preview(step("update", TABLE, old=old, new={"inputs": {"schema": "[]"}}))))
    assert [verdict.finding.where for verdict in found.refused] == ["column a"]


def test_unchanged_resources_that_are_not_shown_are_counted() -> None:
    shown = step("same", TABLE)
    assert read(preview(STACK, changeSummary={"same": 8})).hidden == 7
    assert read(preview(STACK, *[shown] * 7, changeSummary={"same": 8})).hidden == 0


def test_every_rule_has_a_name_of_its_own_and_says_why() -> None:
    rules = [(rule.name, rule.why) for group in (RULES, STACK_RULES, CHANGE_RULES) for rule in group]
    assert len({name for name, _ in rules}) == len(rules)
    assert all(why.endswith(".") for _, why in rules)


def test_a_refresh_may_count_what_it_finds() -> None:
    found = step("refresh", TABLE, old={})
    assert read_plan(preview(STACK, found, changeSummary={"same": 1, "update": 1})).hidden == 0
    with pytest.raises(PreviewError, match="counts 2 of `update`"):
        read_plan(preview(STACK, found, changeSummary={"same": 1, "update": 2}))
