"""actionlint is built from its pin, passes this project's workflows, and would not pass a wrong one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine.pins import ACTIONLINT, ROOT
from tools import lint_workflows

needs_it = pytest.mark.skipif(shutil.which("go") is None, reason="there is no Go to build actionlint with")


def test_the_pin_is_read_from_the_go_module() -> None:
    assert str(ACTIONLINT) == "actionlint 1.7.12"


@needs_it
def test_this_projects_workflows_pass() -> None:
    assert lint_workflows.main() == 0


@needs_it
def test_a_workflow_that_needs_an_unknown_job_does_not_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    sound = (ROOT / ".github" / "workflows" / "destroy.yml").read_text()
    (folder / "destroy.yml").write_text(sound.replace("needs: confirm", "needs: [confirm, approve]"))
    assert lint_workflows.main(tmp_path) == 1
    assert 'needs job "approve" which does not exist' in capsys.readouterr().out


def test_without_go_it_is_skipped_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KEYLESS_CACHE", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert lint_workflows.main() == 0
    assert "skipped, since there is no Go" in capsys.readouterr().err
