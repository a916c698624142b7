"""A local cloud that is killed with its state kept: ``pulumi refresh && pulumi up`` converges on what it began with."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from local_cloud.cloud import LocalCloud
from tests.robustness.test_kill import UP, converges, pulumi


@pytest.mark.soak
@pytest.mark.timeout(180)
def test_after_a_killed_server_that_kept_its_state_refresh_and_up_converge(tmp_path: Path) -> None:
    folder = tmp_path / "cloud"
    with LocalCloud.start(state_directory=folder, options=["--keep"]) as cloud:
        pulumi(cloud, "stack", "init", "local")
        pulumi(cloud, *UP)
        pools = cloud.resources()["pools"]
        os.kill(cloud.pid, signal.SIGKILL)
    with LocalCloud.start(state_directory=folder, options=["--keep"]) as again:
        assert again.resources()["pools"] == pools
        # The role and the function are gone with the local AWS; pools, account, dataset and table are not.
        converges(again)
