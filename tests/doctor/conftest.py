"""One local cloud with one deployed stack for the module, and the doctor's view of both clouds."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import google.oauth2.credentials
import pytest

from doctor.aws_api import AwsApi
from doctor.google_api import GoogleApi
from doctor.look import Clouds
from doctor.stack import Stack, read_stack
from infra.trust import GoogleEndpoints
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
    environment = stage.cloud.environment()
    return boto3.Session(
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        region_name=stage.cloud.aws_region,
    )


@pytest.fixture(scope="session")
def clouds(stage: Stage, session: boto3.Session) -> Clouds:
    """Both clouds over HTTP, as the deployer sees them."""
    return Clouds(
        google=google_api(stage.cloud.google_url, stage.cloud.deployer_token),
        aws=AwsApi(session, endpoint=stage.cloud.aws_url),
    )


def google_api(url: str, token: str) -> GoogleApi:
    """The local Google as whoever a token speaks for."""
    credentials = google.oauth2.credentials.Credentials(token)  # type: ignore[no-untyped-call]  # google-auth's own
    return GoogleApi(credentials, GoogleEndpoints(base_url=url))
