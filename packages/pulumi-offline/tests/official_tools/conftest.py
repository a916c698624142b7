"""The session's local cloud with every API on, and a shell in which its lines were pasted."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from federation_emulator.client.cloud import LocalCloud
from tests.official_tools.shell import Shell

APIS = [f"{name}.googleapis.com" for name in ("iam", "sts", "iamcredentials", "bigquery", "cloudresourcemanager")]


@pytest.fixture(scope="session")
def cloud(cloud: LocalCloud) -> LocalCloud:
    """The session's, with every API on."""
    answer = httpx.post(
        f"{cloud.google_url}/v1/projects/{cloud.project_id}/services:batchEnable",
        json={"serviceIds": APIS},
        headers={"Authorization": f"Bearer {cloud.deployer_token}"},
        trust_env=False,
    )
    answer.raise_for_status()
    return cloud


@pytest.fixture(scope="session")
def shell(cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """The deployer's shell."""
    return Shell.after_pasting(cloud, tmp_path_factory.mktemp("home"))


@pytest.fixture
def asks_for_more() -> None:
    """Named by a test whose tool asks for what isn't served."""


@pytest.fixture(autouse=True)
def _everything_asked_for_is_served(cloud: LocalCloud, request: pytest.FixtureRequest) -> Iterator[None]:
    """A tool that asks for what isn't served fails the test that ran it."""
    before = cloud.unsupported()
    yield
    assert "asks_for_more" in request.fixturenames or cloud.unsupported() == before
