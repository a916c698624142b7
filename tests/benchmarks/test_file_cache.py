"""A package's files are evicted from the file cache, and that can be measured."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks.file_cache import evict, prefetch, share_held

_IN_MEMORY = {"tmpfs", "ramfs"}


def file_system(path: Path) -> str:
    device = path.stat().st_dev
    numbers = f"{os.major(device)}:{os.minor(device)}"
    mounts = [line.split() for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    return next((mount[mount.index("-") + 1] for mount in mounts if mount[2] == numbers), "")


def test_what_was_evict_is_out_until_it_is_taken_in_again(tmp_path: Path) -> None:
    if file_system(tmp_path) in _IN_MEMORY:
        pytest.skip("here files are nowhere but in memory")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "module.py").write_bytes(b"#" * 100_000)
    (tmp_path / "empty.py").touch()
    assert share_held(tmp_path) == 1.0
    evict(tmp_path)
    assert share_held(tmp_path) == 0.0
    prefetch(tmp_path)
    assert share_held(tmp_path) == 1.0
