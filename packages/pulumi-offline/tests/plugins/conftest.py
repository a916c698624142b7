"""The local Google, of which each request is kept, a local AWS, and a fresh stack for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from federation_emulator.servers.aws import AwsSettings, LocalAws
from pulumi_offline import attached
from pulumi_offline.engine.plugins import Mode
from pulumi_offline.engine.workspace import Workspace
from tests.emulator.google_server import DEPLOYER_TOKEN, serving
from tests.failed_runs import forget_failed_runs
from tests.plugins.recorded import DATASET, Recorded, recording
from tests.plugins.stacks import ACCOUNT, Deployment


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace(tmp_path_factory.mktemp("engine"), mode=Mode.STAND_IN)


@pytest.fixture
def google(aws_url: str, bigquery_url: str) -> Iterator[Recorded]:
    """A fresh local Google, of which each request is kept."""
    with serving(aws_url=aws_url, bigquery_url=bigquery_url) as behind, recording(behind) as running:
        yield running
        # The BigQuery emulator behind it is one for all tests.
        behind.call("DELETE", f"{DATASET}?deleteContents=true")


@pytest.fixture(scope="module")
def local_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    running = LocalAws.start(AwsSettings(account_id=ACCOUNT, region="us-east-1", folder=tmp_path_factory.mktemp("aws")))
    try:
        running.wait(limit_seconds=20)
        yield running
    finally:
        running.child.stop()


@pytest.fixture(scope="session")
def variables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What engine and plugins need; the plugins run once for all tests, since starting them takes the longest."""
    credentials = {
        "GOOGLE_OAUTH_ACCESS_TOKEN": DEPLOYER_TOKEN,
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    with attached.serving(tmp_path_factory.mktemp("plugins"), credentials, mode=Mode.STAND_IN) as listening:
        yield {**credentials, **listening}


@pytest.fixture
def deployment(workspace: Workspace, tmp_path: Path, variables: dict[str, str]) -> Iterator[Deployment]:
    made = Deployment.make(workspace, tmp_path / "project", variables)
    yield made
    made.stack.workspace.remove_stack("test", force=True)
    forget_failed_runs()
