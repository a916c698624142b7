"""What the documents say is there is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from keyless_bigquery.components.program import ROOT
from tests.docs.pages import documents, name_of

FOLDERS = "|".join(re.escape(path.name) for path in ROOT.iterdir() if path.is_dir() and path.name[0] != ".")


def absent(text: str) -> list[str]:
    """The project's paths that a text names and that are not there; ``*`` and a word in capitals may be anything."""
    spans = re.findall(rf"`((?:{FOLDERS}|\.github)/[\w./*-]*)`", text)
    files = re.findall(rf"(?<![\w/.-])((?:{FOLDERS})/[\w./-]+\.(?:py|md|yaml|yml|toml|txt|in|ini))\b", text)
    return sorted({path for path in spans + files if not _is_there(path.rstrip("/"))})


def _is_there(path: str) -> bool:
    return (ROOT / path).exists() or any(ROOT.glob(re.sub(r"[A-Z]{3,}", "*", path)))


@pytest.mark.parametrize("document", documents(), ids=name_of)
def test_every_path_in_a_document_is_there(document: Path) -> None:
    assert absent(document.read_text()) == []


def test_a_path_that_is_not_there_is_found() -> None:
    assert absent(
        "`docs/`, `docs/*.md`, `benchmarks/tea.py`, docs/tea.md, `docs/NNNN.md`, https://example.com/docs/far.md"
    ) == [
        "benchmarks/tea.py",
        "docs/tea.md",
    ]


def test_decisions_are_numbered_without_a_gap_and_carry_their_number() -> None:
    decisions = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [path.name[:4] for path in decisions] == [f"{number:04}" for number in range(1, len(decisions) + 1)]
    for path in decisions:
        assert path.read_text().startswith(f"# {int(path.name[:4])}. ")


def test_every_locked_dependency_of_the_project_has_its_line_in_the_record() -> None:
    record = (ROOT / "docs" / "decisions" / "0008-dependencies.md").read_text()
    runtime = ROOT / "keyless_bigquery" / "runtime" / "requirements.in"
    sources = [*(ROOT / "requirements").glob("*.in"), runtime]
    named = {found for source in sources for found in re.findall(r"^([a-z][\w-]*)", source.read_text(), re.MULTILINE)}
    for package in named:
        family = package.split("-")[0] if package.startswith(("types-", "duckdb-")) else package
        assert family in record, f"{package} has no line"


def test_the_project_names_no_path_outside_itself() -> None:
    for path in (*documents(), ROOT / "Makefile", *ROOT.glob("Pulumi*.yaml")):
        assert "/work/" not in path.read_text(), path
