"""The local cloud as a whole: it starts, hides its token, and leaves nothing running however it ends."""

from __future__ import annotations

import os
import signal
import socket
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from federation_emulator.client.cloud import LocalCloud
from federation_emulator.servers.process import ProcessError, family
from tests.emulator.processes.conftest import alive, eventually, refused

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="children are counted in /proc")


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[LocalCloud]:
    with LocalCloud.start(state_directory=tmp_path / "cloud") as running:
        yield running


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """One that no test ends."""
    with LocalCloud.start(state_directory=tmp_path_factory.mktemp("cloud")) as running:
        yield running


def test_it_answers_and_hides_its_token(undisturbed: LocalCloud) -> None:
    cloud = undisturbed
    assert httpx.get(f"{cloud.google_url}/_local/health", trust_env=False).json() == {"status": "ok"}
    assert cloud.decisions() == []
    assert cloud.resources()["pools"] == []
    assert cloud.deployer_token not in repr(cloud)
    shown = (cloud.folder / "serve.log").read_text() + (cloud.folder / "endpoints.json").read_text()
    assert "come as a role" in shown
    assert cloud.deployer_token not in shown
    for name in ("endpoints.json", "deployer-token", "bigqueryrc"):
        assert stat.S_IMODE((cloud.folder / name).stat().st_mode) == 0o600


def test_stop_ends_every_process_and_what_looked_ready(cloud: LocalCloud) -> None:
    processes = family(cloud.pid)
    assert len(processes) >= 3
    cloud.stop()
    assert eventually(lambda: not any(alive(pid) for pid in processes))
    assert not (cloud.folder / "endpoints.json").exists()
    assert not (cloud.folder / "deployer-token").exists()


def test_a_killed_cloud_leaves_no_process_and_the_next_one_starts_in_its_folder(cloud: LocalCloud) -> None:
    processes = family(cloud.pid)
    os.kill(cloud.pid, signal.SIGKILL)
    assert eventually(lambda: not any(alive(pid) for pid in processes))
    with LocalCloud.start(state_directory=cloud.folder) as again:
        assert again.deployer_token != cloud.deployer_token
        assert again.resources()["pools"] == []


def test_when_one_server_dies_all_end_and_the_log_says_which(cloud: LocalCloud) -> None:
    processes = family(cloud.pid)
    victim = next(pid for pid in processes if b"ministack_main" in Path(f"/proc/{pid}/cmdline").read_bytes())
    os.kill(victim, signal.SIGKILL)
    assert eventually(lambda: not any(alive(pid) for pid in processes[1:]))
    log = cloud.folder / "serve.log"
    assert eventually(lambda: "error: the local AWS (ministack) ended with status -9" in log.read_text())


def test_a_second_cloud_in_the_same_folder_is_refused_and_the_first_lives_on(undisturbed: LocalCloud) -> None:
    cloud = undisturbed
    assert refused("--state", str(cloud.folder)) == (
        f"error: a local cloud already runs in {cloud.folder}; stop it, or give another folder with --state\n"
    )
    assert cloud.resources()["pools"] == []


@pytest.mark.parametrize("option", ["--google-port", "--aws-port"])
def test_a_port_that_is_taken_is_one_clear_line(tmp_path: Path, option: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        message = refused("--state", str(tmp_path / "cloud"), option, port)
    assert message.startswith("error: ")
    assert len(message.splitlines()) == 1
    assert "Address already in use" in message


def test_a_cloud_that_can_not_start_quotes_its_own_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KEYLESS_CACHE", "UV_CACHE_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    with pytest.raises(ProcessError, match=r"the local cloud ended with status 1; .*is the package index reachable"):
        LocalCloud.start(state_directory=tmp_path / "cloud")
