"""One local cloud with one deployed stack for the module, and the doctor's view of both clouds."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest

from doctor.look import Clouds
from doctor.stack import Stack, read_stack
from local_cloud.cloud import LocalCloud
from local_cloud.demo.story import ROWS
from local_cloud.stage import STACK, Stage
from tests.doctor.users import owner, seen_by_the_deployer


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The stack, up. A test puts back what it takes away. The role's name has both cases, as IAM keeps them."""
    with (
        LocalCloud.start(state_directory=tmp_path_factory.mktemp("cloud")) as cloud,
        Stage(cloud, tmp_path_factory.mktemp("stage"), {"roleName": "Keyless-Reader"}) as stage,
    ):
        stage.up()
        stage.put_rows(ROWS)
        yield stage


@pytest.fixture(scope="session")
def stack(stage: Stage) -> Stack:
    """What the engine tells the doctor, in a shell as `make local-cloud` sets it up."""
    with pytest.MonkeyPatch.context() as shell:
        for name, value in stage.stack.workspace.env_vars.items():
            shell.setenv(name, value)
        shell.chdir(stage.stack.workspace.work_dir)
        return read_stack(STACK)


@pytest.fixture(scope="session")
def session(stage: Stage) -> boto3.Session:
    """The owner of the AWS account."""
    return owner(stage)


@pytest.fixture(scope="session")
def clouds(stage: Stage) -> Clouds:
    """Both clouds over HTTP, as the deployer sees them."""
    return seen_by_the_deployer(stage)
