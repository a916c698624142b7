"""From the engine's JSON to one line for each refusal and an exit code."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from guardrails.__main__ import main
from guardrails.check import report
from guardrails.model import UNKNOWN
from guardrails.preview import PreviewError, known, read
from guardrails.rules import CHANGE_RULES, RULES, STACK_RULES

KEY = "gcp:serviceaccount/key:Key"
TABLE = "gcp:bigquery/table:Table"
NOT_KNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def step(
    operation: str, kind: str, name: str = "it", *, old: Any = None, new: Any = None, **more: Any
) -> dict[str, Any]:
    made: dict[str, Any] = {"op": operation, "urn": f"urn:pulumi:s::p::{kind}::{name}", **more}
    if old is not None:
        made["oldState"] = {"type": kind, **old}
    if new is not None:
        made["newState"] = {"type": kind, **new}
    return made


def preview(*steps: dict[str, Any], **more: Any) -> str:
    return json.dumps({"steps": list(steps), **more})


BROKEN = preview(step("create", KEY, new={"inputs": {}}))
KEPT = preview(step("create", "gcp:serviceaccount/account:Account", new={"inputs": {}}))


def run(text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    code = main([])
    told = capsys.readouterr()
    return code, told.out, told.err


def test_a_refusal_is_one_line_and_code_1(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(BROKEN, monkeypatch, capsys)
    assert (code, err) == (1, "")
    refusal, summary = out.splitlines()
    assert refusal.startswith(f"refused no-key: urn:pulumi:s::p::{KEY}::it: its type is {KEY}, a service account key.")
    assert "Mend: remove it" in refusal
    assert summary == "1 resources judged: 1 refused, 0 that can't be judged yet"


def test_nothing_to_refuse_is_code_0(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(KEPT, monkeypatch, capsys)[0] == 0
    assert run(preview(), monkeypatch, capsys)[0] == 0


@pytest.mark.parametrize(
    "text", ["", "no", "[]", "5", '{"steps": [{}]}', '{"steps": 5}', '{"steps": [{"op": "same"}]}']
)
def test_what_is_no_preview_is_code_2_on_one_line(
    text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(text, monkeypatch, capsys)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert "this isn't what `pulumi preview --json` prints" in err


def test_a_preview_that_failed_is_no_clean_bill(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failed = preview(diagnostics=[{"severity": "warning", "message": "w"}, {"severity": "error", "message": "boom\n"}])
    code, out, _ = run(failed, monkeypatch, capsys)
    assert code == 2
    assert "failed  the preview itself: boom" in out


def test_of_several_files_the_worst_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {name: tmp_path / f"{name}.json" for name in ("broken", "kept", "junk")}
    files["broken"].write_text(BROKEN)
    files["kept"].write_text(KEPT)
    files["junk"].write_bytes(b"\xff")
    names = {name: str(path) for name, path in files.items()}
    assert main([names["kept"], names["kept"]]) == 0
    assert main([names["kept"], names["junk"]]) == 2
    assert main([names["kept"], names["junk"], names["broken"]]) == 1
    assert main([str(tmp_path / "absent.json")]) == 2
    assert f"{names['broken']}: refused no-key" in capsys.readouterr().out


def test_what_the_engine_does_not_know_yet_is_recognised_at_any_depth() -> None:
    value = {"a": [NOT_KNOWN, {"b": "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2"}], "c": 1, "d": None}
    assert known(value) == {"a": [UNKNOWN, {"b": UNKNOWN}], "c": 1, "d": None}


def test_only_what_would_be_there_is_judged_as_a_resource() -> None:
    gone = [step("delete", KEY, "gone", old={}), step("delete-replaced", KEY, "old", old={}, new={})]
    looked_up = step("read", KEY, "looked-up", new={"inputs": {}})
    found = read(preview(*gone, looked_up, step("same", KEY, "stays", old={}, new={"inputs": {}})))
    assert [resource.name for resource in found.resources] == ["stays"]


def test_a_replacement_is_told_once_though_it_is_three_steps() -> None:
    old, new = {"inputs": {"tableId": "a"}}, {"inputs": {"tableId": "b"}}
    steps = [
        step("create-replacement", TABLE, old=old, new=new, replaceReasons=["tableId"]),
        step("replace", TABLE, old=old, new=new, replaceReasons=["tableId"]),
        step("delete-replaced", TABLE, old=old),
    ]
    assert len(report(read(preview(*steps))).refused) == 1


def test_live_columns_count_more_than_those_last_wanted() -> None:
    old = {"inputs": {"schema": "[]"}, "outputs": {"schema": '[{"name": "a", "type": "STRING"}]'}}
    found = report(read(preview(step("update", TABLE, old=old, new={"inputs": {"schema": "[]"}}))))
    assert [verdict.finding.where for verdict in found.refused] == ["column a"]


def test_unchanged_resources_that_are_not_shown_are_counted() -> None:
    stack = step("same", "pulumi:pulumi:Stack", old={}, new={})
    shown = step("same", TABLE, old={}, new={})
    assert read(preview(stack, changeSummary={"same": 8})).hidden == 7
    assert read(preview(stack, *[shown] * 7, changeSummary={"same": 8})).hidden == 0
    assert read(preview(changeSummary={"create": 8})).hidden == 0


def test_every_rule_has_a_name_of_its_own_and_says_why() -> None:
    rules = [(rule.name, rule.why) for group in (RULES, STACK_RULES, CHANGE_RULES) for rule in group]
    assert len({name for name, _ in rules}) == len(rules)
    assert all(why.endswith(".") for _, why in rules)


def test_reading_says_what_it_could_not_read() -> None:
    with pytest.raises(PreviewError, match="it begins with 'oops'"):
        read("oops")
