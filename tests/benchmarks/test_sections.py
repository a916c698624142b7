"""What sections make of what they measured."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.packaging import remove, unpacked
from benchmarks.report import Result
from benchmarks.sections import SECTIONS, measuring
from benchmarks.sections.size import weigh


@pytest.mark.parametrize("section", SECTIONS)
def test_each_section_can_be_measured(section: str) -> None:
    assert measuring(section).__annotations__["return"] in ("Result", Result)


def test_a_section_that_there_is_not_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        main(["tea", "--folder", str(tmp_path)])
    assert "there is no section tea; there are cold-start" in capsys.readouterr().err


def test_a_zip_is_weighed_by_its_packages_and_those_of_google_apart(tmp_path: Path) -> None:
    archive = tmp_path / "package.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
        for path in (
            "google/auth/aws.py",
            "google/cloud/x.py",
            "six.py",
            "six-1.17.0.dist-info/METADATA",
            "_cffi.abi3.so",
        ):
            made.writestr(path, "#" * 1000)
    weights = weigh(archive)
    names = ["google.auth", "google.cloud", "six", "metadata and licences", "_cffi"]
    assert weights.plain == dict.fromkeys(names, 1000)
    assert all(0 < weights.compressed[name] < 100 for name in names)
    assert weights.size == archive.stat().st_size


def test_what_is_unpacked_can_not_be_written_and_can_be_removed(tmp_path: Path) -> None:
    archive = tmp_path / "package.zip"
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("folder/module.py", "")
    folder = unpacked(archive, tmp_path / "here")
    assert {path.stat().st_mode & 0o222 for path in (folder, *folder.rglob("*"))} == {0}
    remove(tmp_path / "here")
    assert not (tmp_path / "here").exists()
