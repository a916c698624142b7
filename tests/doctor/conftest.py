"""One local cloud with one deployed stack for the module, and the doctor's view of both clouds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from doctor.__main__ import clouds_of
from doctor.look import Clouds
from doctor.stack import Stack, read_stack
from local_cloud.cloud import LocalCloud
from local_cloud.demo.story import ROWS
from local_cloud.stage import STACK, Stage


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
def shell(stage: Stage) -> Iterator[pytest.MonkeyPatch]:
    """A shell in the project's folder, set up for the local cloud as `make local-cloud` tells it."""
    with pytest.MonkeyPatch.context() as patched:
        for name, value in stage.stack.workspace.env_vars.items():
            patched.setenv(name, value)
        patched.chdir(stage.stack.workspace.work_dir)
        yield patched


@pytest.fixture(scope="session")
def stack(shell: pytest.MonkeyPatch) -> Stack:
    """What the engine tells the doctor."""
    assert shell
    return read_stack(STACK)


@pytest.fixture(scope="session")
def clouds(stack: Stack) -> Clouds:
    """Both clouds over HTTP, as the deployer sees them."""
    return clouds_of(stack)
