"""The servers of the denial suite: those of the local cloud's own tests."""

from __future__ import annotations

import pytest

from tests.denials.world import World
from tests.local_cloud.chain import LocalAccount, deploy
from tests.local_cloud.conftest import aws, aws_url, google, warehouse_url  # noqa: F401  (fixtures)
from tests.local_cloud.google_server import Google


@pytest.fixture
def world(google: Google, aws: LocalAccount, warehouse_url: str) -> World:  # noqa: F811  (the fixtures imported above)
    """A deployed chain in which the right caller gets rows."""
    return World(deploy(google, aws), warehouse_url=warehouse_url)
