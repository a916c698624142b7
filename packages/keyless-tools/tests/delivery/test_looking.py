"""Looking changes nothing, and leaves a report also where it fails."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from federation_emulator.expected import ExpectedError
from keyless_tools.delivery import __main__ as command
from keyless_tools.delivery import looking
from keyless_tools.doctor.finding import Finding, Link, warning
from pulumi_offline.engine.runner import Pulumi as Runner
from tests.delivery.test_report import STEPS
from tests.previews import STACK, preview

LOOKS = """
echo "$*" >> {log}
case "$1 $2" in
  "preview --diff") echo '~ memorySize: 512 => 256' ;;
  "preview --json") cat {plan} ;;
  "refresh --preview-only") {refresh} ;;
esac
"""
DEV = Runner(stack="dev")
UNEXPECTED = "error: no changes were expected for refresh but changes were proposed"
DRIFTED = f"echo '~ memorySize: 512 => 256'; echo '{UNEXPECTED}' >&2; exit 7"
UNKNOWN = "echo 'error: could not open the bucket' >&2; exit 255"


class Pulumi:
    """A `pulumi` on PATH that answers like the real one; what it was asked is kept."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.log = folder / "asked"
        (folder / "plan.json").write_text(preview(*STEPS))
        monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
        self.answer("true")

    def answer(self, refresh: str) -> None:
        text = LOOKS.format(log=self.log, plan=self.folder / "plan.json", refresh=refresh)
        self.write(text)

    def write(self, text: str) -> None:
        (self.folder / "pulumi").write_text(f"#!/bin/sh\n{text}")
        (self.folder / "pulumi").chmod(0o755)


@pytest.fixture
def pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pulumi:
    return Pulumi(tmp_path, monkeypatch)


def test_a_preview_leaves_markdown_and_the_plan(pulumi: Pulumi, tmp_path: Path) -> None:
    assert looking.preview(DEV, tmp_path / "out")
    assert json.loads((tmp_path / "out" / "dev.json").read_text())["steps"] == STEPS
    written = (tmp_path / "out" / "dev.md").read_text()
    assert "### `dev`: 1 to update, 1 to replace, 1 to delete, 1 unchanged" in written
    assert "~ memorySize: 512 => 256" in written
    assert all("--stack dev --non-interactive" in asked for asked in pulumi.log.read_text().splitlines())


def test_a_preview_that_fails_leaves_its_words_and_no_plan_of_an_earlier_one(pulumi: Pulumi, tmp_path: Path) -> None:
    assert looking.preview(DEV, tmp_path)
    pulumi.write("echo 'error: 2 settings of this stack cannot be used' >&2; exit 1")
    assert not looking.preview(DEV, tmp_path)
    assert "2 settings of this stack" in (tmp_path / "dev.md").read_text()
    assert not (tmp_path / "dev.json").exists()


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("error: no stack named 'dev' found", "isn't what `pulumi preview --json` prints"),
        (preview(STACK, diagnostics=[{"severity": "error", "message": "boom"}]), "the preview failed: boom"),
    ],
)
def test_a_plan_that_is_none_is_an_error_and_is_not_kept(
    pulumi: Pulumi, tmp_path: Path, printed: str, expected: str
) -> None:
    (pulumi.folder / "plan.json").write_text(printed)
    with pytest.raises(ExpectedError, match=expected):
        looking.preview(DEV, tmp_path)
    assert not (tmp_path / "dev.json").exists()


def nothing_added(_: str) -> list[Finding]:
    return []


def one_added(_: str) -> list[Finding]:
    added = warning("not the stack's on role: inline policy by-hand", remove=["aws iam delete"])
    return [Finding(link=Link.ROLE_POLICIES, **vars(added))]


def test_drift_is_there_or_not_or_not_known(pulumi: Pulumi, tmp_path: Path) -> None:
    written = tmp_path / "dev.drift.md"
    pulumi.answer(DRIFTED)
    assert looking.drift("dev", tmp_path, nothing_added) is True
    assert "~ memorySize: 512 => 256" in written.read_text()
    assert "Added by hand" not in written.read_text()
    pulumi.answer("true")
    assert looking.drift("dev", tmp_path, nothing_added) is False
    assert written.read_text() == ""
    pulumi.answer(UNKNOWN)
    assert looking.drift("dev", tmp_path, nothing_added) is None
    assert not written.exists()


@pytest.mark.parametrize("refresh", ["true", DRIFTED], ids=["alone", "with a difference"])
def test_what_was_added_is_drift_too_with_the_command_that_removes_it(
    pulumi: Pulumi, tmp_path: Path, refresh: str
) -> None:
    pulumi.answer(refresh)
    assert looking.drift("dev", tmp_path, one_added) is True
    written = (tmp_path / "dev.drift.md").read_text()
    assert "- `not the stack's on role: inline policy by-hand`\n  To remove it: `aws iam delete`" in written
    assert ("~ memorySize: 512 => 256" in written) is (refresh == DRIFTED)


def test_where_the_doctor_cant_look_drift_is_not_known_and_a_difference_is_kept(pulumi: Pulumi, tmp_path: Path) -> None:
    written = tmp_path / "dev.drift.md"
    with pytest.raises(
        looking.DeliveryError, match="what was added by hand isn't known: `pulumi config --json --stack dev`"
    ):
        looking.drift("dev", tmp_path)
    assert not written.exists()
    pulumi.answer(DRIFTED)
    with pytest.raises(looking.DeliveryError, match="what was added by hand isn't known"):
        looking.drift("dev", tmp_path)
    assert "~ memorySize: 512 => 256" in written.read_text()


def test_looking_asks_for_nothing_that_could_change_a_stack(pulumi: Pulumi, tmp_path: Path) -> None:
    looking.preview(DEV, tmp_path)
    looking.drift("dev", tmp_path, nothing_added)
    asked = pulumi.log.read_text().splitlines()
    assert {line.split()[0] for line in asked} == {"preview", "refresh"}
    assert all("--preview-only" in line for line in asked if line.startswith("refresh"))


@pytest.mark.parametrize(("options", "status"), [([], 1), (["--without-doctor"], 0)])
def test_a_program_that_the_doctor_does_not_know_is_compared_by_the_engine_alone(
    options: list[str], status: int, pulumi: Pulumi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["delivery", "drift", "dev", "--folder", str(tmp_path), *options])
    assert command.main() == status
    assert (tmp_path / "dev.drift.md").exists() is (status == 0)
    pulumi.answer(DRIFTED)
    assert command.main() == 1
    assert "512 => 256" in (tmp_path / "dev.drift.md").read_text()
