"""Two environments on the session's local cloud."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from federation_emulator.client.cloud import LocalCloud
from pulumi_offline.demo.scenario import ROWS
from pulumi_offline.stack_harness import StackHarness
from tests.living.environments import Environments


@pytest.fixture(scope="session")
def environments(cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environments]:
    """A test that changes one of the two puts it back. They go with the cloud."""
    with StackHarness(cloud, tmp_path_factory.mktemp("environments"), name="dev") as dev:
        prod = dev.beside("prod", {"deletionProtection": "true"})
        for stage in (dev, prod):
            stage.up()
            stage.put_rows(ROWS)
        yield Environments(dev=dev, prod=prod)
