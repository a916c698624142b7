"""One local cloud and one deployed stack for the whole session: a test puts back what it takes away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from local_cloud.cloud import LocalCloud
from local_cloud.demo.story import ROWS
from local_cloud.stage import Stage

OTHER_PROJECTS = {"pool-project": "222222222222", "data-project": "333333333333"}
"""Id and number of the projects that exist beside the one that pays."""


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    others = [part for name, number in OTHER_PROJECTS.items() for part in ("--also-project", f"{name}={number}")]
    with LocalCloud.start(state_directory=tmp_path_factory.mktemp("cloud"), options=others) as running:
        yield running


@pytest.fixture(scope="session")
def stage_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stage")


@pytest.fixture(scope="session")
def deployed(cloud: LocalCloud, stage_folder: Path) -> Iterator[Stage]:
    """The stack, up, with three rows in its table. The role's name has both cases, as IAM keeps them."""
    with Stage(cloud, stage_folder, {"roleName": "Keyless-Reader"}) as stage:
        stage.up()
        stage.put_rows(ROWS)
        yield stage
        stage.destroy()


@pytest.fixture
def stage(deployed: Stage) -> Stage:
    """The deployed stack with a cold function. Whoever changes it by hand puts it back before asserting."""
    deployed.forget_tokens()
    return deployed
