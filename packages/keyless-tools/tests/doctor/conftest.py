"""The session's deployed stack as the doctor sees it."""

from __future__ import annotations

import boto3
import pytest

from keyless_tools.doctor.look import Clouds
from keyless_tools.doctor.stack import Stack, read_stack
from pulumi_offline.stack_harness import STACK, StackHarness
from tests.doctor.users import owner, seen_by_the_deployer


@pytest.fixture(scope="session")
def stage(deployed: StackHarness) -> StackHarness:
    """The session's deployed stack."""
    return deployed


@pytest.fixture(scope="module")
def invoked_well(stage: StackHarness) -> None:
    """The newest invocation of the session's stack ended well, whatever other modules had fail before."""
    assert not stage.invoke().failed


@pytest.fixture(scope="session")
def stack(stage: StackHarness) -> Stack:
    """What the engine answers the doctor, in a shell as `make local-cloud` sets it up."""
    with pytest.MonkeyPatch.context() as shell:
        for name, value in stage.stack.workspace.env_vars.items():
            shell.setenv(name, value)
        shell.chdir(stage.stack.workspace.work_dir)
        return read_stack(STACK)


@pytest.fixture(scope="session")
def session(stage: StackHarness) -> boto3.Session:
    """The owner of the AWS account."""
    return owner(stage)


@pytest.fixture(scope="session")
def clouds(stage: StackHarness) -> Clouds:
    """Both clouds over HTTP, as the deployer sees them."""
    return seen_by_the_deployer(stage)
