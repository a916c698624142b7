"""Small helpers for tests of child processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from federation_emulator.client.cloud import LocalCloud
from federation_emulator.client.use import Choice, signed_form
from federation_emulator.servers.process import Command
from keyless_bigquery.components.program import ROOT

LIMIT_SECONDS = 15.0


@pytest.fixture
def command(tmp_path: Path) -> Callable[[str], Command]:
    """Makes a command that runs this Python text."""

    def make(text: str) -> Command:
        return Command(
            name="the child",
            arguments=[sys.executable, "-I", "-c", text],
            environment={"PATH": os.defpath},
            log=tmp_path / "child.log",
            folder=tmp_path,
        )

    return make


def alive(pid: int) -> bool:
    """Whether this process runs; one that only waits to be collected does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def eventually(true: Callable[[], bool]) -> bool:
    """Whether it becomes true before the time is up."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def refused(*options: str) -> str:
    """The message of a start of `serve` that must not happen."""
    run = subprocess.run(
        [sys.executable, "-m", "federation_emulator", "serve", *options],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert run.returncode == 1
    return run.stderr


def exchange(cloud: LocalCloud, choice: Choice) -> httpx.Response:
    """Exchange what a role signs for a federated token."""
    form = signed_form(cloud.endpoints, choice)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return httpx.post(f"{cloud.google_url}/v1/token", content=form, headers=headers, timeout=10, trust_env=False)
