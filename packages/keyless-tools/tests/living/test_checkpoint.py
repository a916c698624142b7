"""A state file that was cut off in the middle of a write is replaced by the one before it, and no other is touched."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from keyless_bigquery.components.program import ROOT
from keyless_tools.lifecycle.checkpoint import folder_of_backend, put_back
from pulumi_offline.engine.pins import project_name
from pulumi_offline.engine.workspace import Workspace


def files(folder: Path, *, now: str, before: str | None) -> Path:
    state = folder / ".pulumi" / "stacks" / project_name() / "dev.json"
    state.parent.mkdir(parents=True)
    state.write_text(now)
    if before is not None:
        state.with_name("dev.json.bak").write_text(before)
    return state


@pytest.mark.parametrize("cut_off", ["", '{"version": 3, "chec'])
def test_a_file_that_was_cut_off_is_replaced_by_the_one_before_it(tmp_path: Path, cut_off: str) -> None:
    state = files(tmp_path, now=cut_off, before='{"version": 3}')
    assert put_back(tmp_path, "dev") == state
    assert state.read_text() == '{"version": 3}'
    assert put_back(tmp_path, "dev") is None


@pytest.mark.parametrize(("now", "before"), [('{"version": 4}', '{"version": 3}'), ("", ""), ("", None)])
def test_a_file_that_can_be_read_or_has_no_better_one_is_left_alone(
    tmp_path: Path, now: str, before: str | None
) -> None:
    state = files(tmp_path, now=now, before=before)
    assert put_back(tmp_path, "dev") is None
    assert state.read_text() == now


@pytest.mark.parametrize("now", ['{"version": 4}', ""])
def test_attributes_that_were_cut_off_are_removed_and_the_state_is_kept_if_it_is_whole(
    tmp_path: Path, now: str
) -> None:
    state = files(tmp_path, now=now, before='{"version": 3}')
    attributes = state.with_name("dev.json.attrs")
    attributes.write_text("")
    assert put_back(tmp_path, "dev") == (attributes if now else state)
    assert not attributes.exists()
    assert state.read_text() == (now or '{"version": 3}')


def test_the_engine_reads_a_stack_again_whose_file_was_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in Workspace(tmp_path).environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "Pulumi.yaml", tmp_path)

    def pulumi(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["pulumi", *arguments], capture_output=True, text=True, timeout=60, check=False)

    assert pulumi("stack", "init", "dev").returncode == 0
    (tmp_path / "same.json").write_text(pulumi("stack", "export", "--stack", "dev").stdout)
    assert pulumi("stack", "import", "--stack", "dev", "--file", "same.json").returncode == 0
    folder = folder_of_backend()
    assert folder is not None
    (folder / ".pulumi" / "stacks" / project_name() / "dev.json").write_text("")
    refused = pulumi("stack", "export", "--stack", "dev")
    assert put_back(folder, "dev") is not None
    assert "failed to load checkpoint" in refused.stderr
    assert pulumi("stack", "export", "--stack", "dev").returncode == 0
    (folder / ".pulumi" / "stacks" / project_name() / "dev.json.attrs").write_text("")
    assert "failed to load checkpoint" in pulumi("stack", "export", "--stack", "dev").stderr
    assert put_back(folder, "dev") is not None
    assert pulumi("stack", "export", "--stack", "dev").returncode == 0
