"""Each section has a module that measures it."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.sections import SECTIONS, measuring


@pytest.mark.parametrize("section", SECTIONS)
def test_each_section_can_be_measured(section: str) -> None:
    assert measuring(section).__annotations__["return"] == "tuple[Table, ...]"


def test_a_section_that_there_is_not_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        main(["tea", "--folder", str(tmp_path)])
    assert "there is no section tea; there are cold-start" in capsys.readouterr().err
