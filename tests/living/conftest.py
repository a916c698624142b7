"""One local cloud for the daily life of stacks; each test makes its own stacks and takes them down."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local_cloud.cloud import LocalCloud


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud.start(state_directory=tmp_path_factory.mktemp("cloud")) as running:
        yield running
