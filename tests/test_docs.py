"""What the documents say is there is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from infra.program import ROOT
from infra.settings import KEYS

DOCUMENTS = sorted(
    [
        ROOT / "README.md",
        *(path for room in ("local_cloud", "docs", "examples") for path in (ROOT / room).rglob("*.md")),
    ]
)
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_make_command_in_a_document_is_a_target(document: Path) -> None:
    named = set(re.findall(r"`?\bmake ([a-z-]+)`", document.read_text())) | set(
        re.findall(r"^make ([a-z-]+)", document.read_text(), re.MULTILINE)
    )
    assert named <= TARGETS


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_path_in_a_document_is_there(document: Path) -> None:
    rooms = "infra|lambda_src|examples|local_cloud|engine|docs|tools|tests|requirements"
    named = re.findall(rf"`((?:{rooms})/[\w./-]*)`", document.read_text())
    missing = [path for path in named if not (ROOT / path).exists()]
    assert not missing


def test_every_setting_named_in_a_command_of_the_readme_is_a_setting() -> None:
    named = set(re.findall(r"pulumi config set (\w+)", (ROOT / "README.md").read_text()))
    assert named
    assert named <= set(KEYS)


def test_decisions_are_numbered_without_a_gap_and_carry_their_number() -> None:
    decisions = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [path.name[:4] for path in decisions] == [f"{number:04}" for number in range(1, len(decisions) + 1)]
    for path in decisions:
        assert path.read_text().startswith(f"# {int(path.name[:4])}. ")


def test_every_locked_dependency_of_the_project_has_its_line_in_the_record() -> None:
    record = (ROOT / "docs" / "decisions" / "0008-dependencies.md").read_text()
    sources = [*(ROOT / "requirements").glob("*.in"), ROOT / "lambda_src" / "requirements.in"]
    named = {found for source in sources for found in re.findall(r"^([a-z][\w-]*)", source.read_text(), re.MULTILINE)}
    for package in named:
        family = package.split("-")[0] if package.startswith(("types-", "duckdb-")) else package
        assert family in record, f"{package} has no line"


def test_the_project_names_no_path_outside_itself() -> None:
    for path in (*DOCUMENTS, ROOT / "Makefile", *ROOT.glob("Pulumi*.yaml")):
        assert "/work/" not in path.read_text(), path
