"""What a person types: the plain ``pulumi`` command with the environment that ``make local-cloud`` prints."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.program import ROOT
from local_cloud.cloud import LocalCloud

TRACKED = ROOT / "Pulumi.local.yaml"


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[dict[str, str]]:
    with LocalCloud.start(state_directory=tmp_path) as cloud:
        yield {**os.environ, **cloud.environment()}


def pulumi(environment: dict[str, str], *arguments: str) -> str:
    finished = subprocess.run(
        ["pulumi", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


@pytest.mark.timeout(300)
def test_the_plain_command_line_previews_deploys_again_and_destroys(shell: dict[str, str]) -> None:
    before = TRACKED.read_bytes()
    pulumi(shell, "stack", "init", "local")
    assert "[unknown]" in pulumi(shell, "-s", "local", "preview", "--diff")
    pulumi(shell, "-s", "local", "up", "--yes", "--skip-preview")
    pulumi(shell, "-s", "local", "up", "--yes", "--expect-no-changes")
    assert "keyless-bigquery-local" in pulumi(shell, "-s", "local", "stack", "output", "function_name")
    pulumi(shell, "-s", "local", "destroy", "--yes", "--skip-preview")
    assert TRACKED.read_bytes() == before, "the command line changed a tracked file"
