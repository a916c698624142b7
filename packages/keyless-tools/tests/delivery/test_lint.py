"""`make lint` passes this project's workflows, and prints what actionlint and zizmor find in wrong ones."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pulumi_offline.engine.pins import ROOT
from tools import lint_workflows

DESTROY = (ROOT / ".github" / "workflows" / "destroy.yml").read_text()


@pytest.mark.parametrize(
    ("part", "replacement", "expected"),
    [
        pytest.param(
            "needs: confirm",
            "needs: [confirm, approve]",
            'needs job "approve" which does not exist',
            marks=pytest.mark.skipif(shutil.which("go") is None, reason="there is no Go to build actionlint with"),
        ),
        ("persist-credentials: false", "fetch-depth: 1", "[artipacked]"),
        ("timeout-minutes: 60", "timeout-minutes: 100", "needs timeout-minutes of at most 90; it has 100"),
    ],
    ids=["actionlint", "zizmor", "our own"],
)
def test_what_each_of_the_three_finds_is_printed(
    part: str, replacement: str, expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(ROOT / ".github" / "actions", tmp_path / ".github" / "actions")
    workflow = tmp_path / ".github" / "workflows" / "destroy.yml"
    workflow.parent.mkdir()
    workflow.write_text(DESTROY)
    assert lint_workflows.main(tmp_path) == 0, capsys.readouterr().out
    workflow.write_text(DESTROY.replace(part, replacement))
    assert lint_workflows.main(tmp_path) == 1
    assert expected in capsys.readouterr().out


def test_without_go_actionlint_is_skipped_with_a_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert lint_workflows.main() == 0
    assert "actionlint: skipped, since there is no Go" in capsys.readouterr().err
