"""One fresh process: what is reported of it, and when it is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.errors import BenchmarkError
from benchmarks.packaging import Program
from benchmarks.starting import paced, start

NO_VARIABLES = {"PATH": "/usr/bin"}
HANDLER = """
import time
time.sleep(0.02)
def lambda_handler(event, context):
    assert context.get_remaining_time_in_millis() > 0
    print("name=Alice")
    time.sleep(0.01)
"""


def program(folder: Path, source: str, *, reads: bool = True) -> Program:
    (folder / "handler.py").write_text(source)
    return Program(name="a program", folder=folder, reads=reads)


def test_ready_is_after_the_import_and_the_row_is_in_the_first_invocation(tmp_path: Path) -> None:
    measured = start(program(tmp_path, HANDLER), NO_VARIABLES, invocations=2)
    assert measured.row is not None
    assert 0.02 <= measured.ready <= measured.row < measured.ready + measured.invocations[0]
    assert len(measured.invocations) == 2
    assert all(seconds >= 0.01 for seconds in measured.invocations)
    assert measured.peak_bytes > 1_000_000


def test_a_handler_is_imported_and_not_invoked_where_nothing_is_asked_of_it(tmp_path: Path) -> None:
    measured = start(program(tmp_path, HANDLER), NO_VARIABLES, invocations=0)
    assert (measured.row, measured.invocations) == (None, ())


def test_no_bytecode_is_left_for_the_next_start(tmp_path: Path) -> None:
    (tmp_path / "other.py").write_text("")
    start(program(tmp_path, "import other\n" + HANDLER), NO_VARIABLES)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["handler.py", "other.py"]


def test_nothing_but_the_package_and_the_standard_library_can_be_imported(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match="No module named 'requests'"):
        start(program(tmp_path, "import requests\n" + HANDLER), NO_VARIABLES)


def test_a_handler_that_prints_no_row_is_refused_unless_it_has_none(tmp_path: Path) -> None:
    silent = "def lambda_handler(event, context):\n    print('The query data:')\n"
    with pytest.raises(BenchmarkError, match="a program printed no row: The query data:"):
        start(program(tmp_path, silent), NO_VARIABLES)
    assert start(program(tmp_path, silent, reads=False), NO_VARIABLES).row is None


def test_a_paced_handler_is_invoked_on_request(tmp_path: Path) -> None:
    with paced(program(tmp_path, HANDLER), NO_VARIABLES, invocations=2) as process:
        assert 0.01 <= process.invoke() < 1
        assert 0.01 <= process.invoke() < 1
        with pytest.raises(BenchmarkError, match="a program ended instead of answering"):
            process.invoke()
