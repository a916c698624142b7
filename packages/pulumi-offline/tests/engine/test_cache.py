"""What is finished has its name; what is not, has not; and two set-ups build once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from federation_emulator.servers.cache import build_once, digest
from federation_emulator.servers.errors import EngineError
from keyless_bigquery.cache import cache_folder


def _silent() -> None:
    """Nobody waits in most of these tests."""


def test_the_cache_is_where_the_variable_says_else_where_the_desktop_says_else_at_home() -> None:
    assert cache_folder({"KEYLESS_CACHE": "/a", "XDG_CACHE_HOME": "/b"}) == Path("/a")
    assert cache_folder({"XDG_CACHE_HOME": "/b"}) == Path("/b/keyless-bigquery")
    assert cache_folder({}) == Path.home() / ".cache" / "keyless-bigquery"


def test_a_digest_tells_where_one_part_ends() -> None:
    assert digest(b"ab", b"c") != digest(b"a", b"bc")
    assert digest(b"ab", b"c") == digest(b"ab", b"c")


def test_a_failed_build_leaves_nothing_and_the_next_one_works(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise EngineError("no")

    target = tmp_path / "engine"
    with pytest.raises(EngineError, match="no"):
        build_once(target, fail, waiting=_silent)
    assert [path.name for path in tmp_path.iterdir()] == [".engine.lock"]
    build_once(target, lambda folder: (folder / "whole").touch(), waiting=_silent)
    assert [path.name for path in target.iterdir()] == ["whole"]


def test_a_finished_thing_is_not_built_again(tmp_path: Path) -> None:
    built: list[Path] = []
    for _ in range(2):
        build_once(tmp_path / "engine", built.append, waiting=_silent)
    assert len(built) == 1


def test_a_killed_build_leaves_nothing_that_looks_finished_and_is_cleared_away(tmp_path: Path) -> None:
    text = (
        "import sys, time\nfrom pathlib import Path\nfrom federation_emulator.servers.cache import build_once\n"
        "def build(folder):\n    (folder / 'half').touch()\n    print('building', flush=True)\n    time.sleep(600)\n"
        "build_once(Path(sys.argv[1]), build, waiting=lambda: None)\n"
    )
    target = tmp_path / "engine"
    with subprocess.Popen([sys.executable, "-c", text, str(target)], stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdout is not None
        assert killed.stdout.readline() == "building\n"
        os.kill(killed.pid, signal.SIGKILL)
        killed.wait(10)
    assert not target.exists()
    assert list(tmp_path.glob(".engine.building-*"))
    build_once(target, lambda folder: (folder / "whole").touch(), waiting=_silent)
    assert not list(tmp_path.glob(".engine.building-*"))
    assert (target / "whole").exists()


def test_two_set_ups_at_once_build_once_and_the_second_says_that_it_waits(tmp_path: Path) -> None:
    begun, waits, built = threading.Event(), threading.Event(), []

    def build(folder: Path) -> None:
        built.append(folder)
        begun.set()
        assert waits.wait(10), "the second set-up did not wait"

    first = threading.Thread(target=build_once, args=(tmp_path / "engine", build), kwargs={"waiting": _silent})
    first.start()
    assert begun.wait(10)
    build_once(tmp_path / "engine", built.append, waiting=waits.set)
    first.join(10)
    assert len(built) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_cache_that_can_not_be_written_is_told_with_the_mend(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(EngineError, match=r"can't be written .*set KEYLESS_CACHE"):
        build_once(tmp_path / "below" / "engine", lambda _: None, waiting=_silent)
