"""Those who run the doctor: in a shell, with few rights, or with time that passes in the local cloud alone."""

from __future__ import annotations

import dataclasses
import math
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import httpx

from infra import outputs
from infra.program import ROOT
from local_cloud.remote import Remote
from local_cloud.stage import Stage
from local_cloud.use import Choice, signed_form
from tests.doctor import breaks


def shell_of(stage: Stage) -> dict[str, str]:
    """The environment of a shell that is set up for the local cloud."""
    return {**os.environ, **stage.stack.workspace.env_vars, "PYTHONPATH": str(ROOT)}


def run(stage: Stage, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs one of our modules in the project's folder."""
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=stage.stack.workspace.work_dir,
        env=shell_of(stage),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@contextmanager
def token_of_the_reader(stage: Stage, *roles: str) -> Iterator[str]:
    """A token of the stack's own service account, with further roles on the project: of somebody with few rights."""
    email, role = stage.output(outputs.SERVICE_ACCOUNT), breaks.role_name(stage)
    form = signed_form(stage.cloud.endpoints, Choice(role=role))
    exchanged = httpx.post(
        f"{stage.cloud.google_url}/v1/token",
        content=form,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        timeout=20,
    ).raise_for_status()
    impersonated = httpx.post(
        f"{stage.cloud.google_url}/v1/projects/-/serviceAccounts/{email}:generateAccessToken",
        json={"scope": ["https://www.googleapis.com/auth/cloud-platform"]},
        headers={"Authorization": f"Bearer {exchanged.json()['access_token']}"},
        timeout=20,
    ).raise_for_status()
    project = f"/v1/projects/{stage.cloud.project_id}"
    before = stage.google("POST", f"{project}:getIamPolicy", {})["bindings"]
    more = [{"role": role, "members": [f"serviceAccount:{email}"]} for role in roles]
    stage.google("POST", f"{project}:setIamPolicy", {"policy": {"bindings": [*before, *more]}})
    yield impersonated.json()["accessToken"]
    stage.google("POST", f"{project}:setIamPolicy", {"policy": {"bindings": before}})


@dataclasses.dataclass
class CloudTime:
    """Time in which a pause takes none: the local cloud's clock is moved instead."""

    stage: Stage
    ahead: float = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead

    def sleep(self, seconds: float, /) -> None:
        step = math.ceil(seconds)
        Remote(self.stage.cloud.endpoints).advance(timedelta(seconds=step))
        self.ahead += step
