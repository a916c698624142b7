"""The map of the rooms is the one that the imports are held to."""

from __future__ import annotations

import re

from infra.program import ROOT
from tests.docs.pages import read
from tests.test_rooms import ALLOWED

PAGE = read(ROOT / "CONTRIBUTING.md")
HEADING = "The map of the rooms"
NOT_ROOMS = {"docs", "requirements", "build"}


def mapped() -> dict[str, str]:
    """What the map says each room and module may import: the last cell of its row."""
    rows = [row for table in PAGE.tables if table.heading == HEADING for row in table.rows[1:]]
    return {room: row[-1] for row in rows for room in names(row[0])}


def names(cell: str) -> list[str]:
    """What a cell sets as code."""
    return re.findall(r"`([^`]+)`", cell)


def test_what_a_room_may_import_is_told_as_it_is_held() -> None:
    assert {room: set(names(cell)) for room, cell in mapped().items() if room in ALLOWED} == ALLOWED


def test_every_folder_is_a_room_on_the_map() -> None:
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and path.name[0] not in "._"} - NOT_ROOMS
    assert folders - set(mapped()) == set()
    assert all((ROOT / room).exists() for room in mapped())


def test_only_what_nothing_deployed_needs_may_import_anything() -> None:
    free = {room for room, cell in mapped().items() if not names(cell) and cell != "nothing"}
    assert free == {"lambda_src", "local_cloud", "tools", "tests"}
    assert mapped()["engine"] == "anything but `local_cloud`"
