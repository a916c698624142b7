"""The map of the folders is whole."""

from __future__ import annotations

import re

from keyless_bigquery.components.program import ROOT
from tests.docs.pages import read

PAGE = read(ROOT / "CONTRIBUTING.md")
HEADING = "Map"
NOT_MAPPED = {"docs", "requirements", "build"}


def mapped() -> set[str]:
    """The folders and modules that the map names, each in the first cell of its row."""
    rows = [row for table in PAGE.tables if table.heading == HEADING for row in table.rows[1:]]
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row[0])}


def test_every_folder_is_on_the_map_and_the_map_names_no_other() -> None:
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and path.name[0] not in "._"} - NOT_MAPPED
    assert folders - mapped() == set()
    assert all((ROOT / name).exists() for name in mapped())
