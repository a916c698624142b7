"""Those who run the doctor: in a shell, with few rights, or with time that passes in the local cloud alone."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import boto3
import google.oauth2.credentials
import httpx

from federation_emulator.client.remote import Remote
from federation_emulator.client.use import Choice, signed_form
from keyless_bigquery.components import outputs
from keyless_bigquery.settings.settings import Settings
from keyless_bigquery.trust.trust import GoogleEndpoints, ProviderName
from keyless_tools.doctor.aws_api import AwsApi
from keyless_tools.doctor.examine import examine
from keyless_tools.doctor.finding import Link, Verdict
from keyless_tools.doctor.google_api import GoogleApi
from keyless_tools.doctor.look import Clouds
from keyless_tools.doctor.report import Walked
from keyless_tools.doctor.stack import Stack, values_of
from pulumi_offline.stack_harness import StackHarness
from tests.doctor import changes


def examined(stage: StackHarness) -> tuple[Walked, ...]:
    """Every reader of a stack, as the deployer's doctor sees it."""
    return examine(as_deployed(stage), seen_by_the_deployer(stage))


def as_deployed(stage: StackHarness) -> Stack:
    """What the engine knows of a stack."""
    configured = {key: {"value": value.value} for key, value in stage.stack.get_all_config().items()}
    return Stack(
        name=stage.stack.name,
        settings=Settings.read(values_of(configured), stack=stage.stack.name),
        outputs={name: output.value for name, output in stage.stack.outputs().items()},
    )


def failed_links(walked: Walked) -> list[Link]:
    """The links that failed by themselves."""
    return [finding.link for finding in walked.findings if finding.verdict is Verdict.FAILED]


def seen_by_the_deployer(stage: StackHarness) -> Clouds:
    """Both clouds over HTTP."""
    return seen_with(stage, stage.cloud.deployer_token)


def seen_with(stage: StackHarness, token: str) -> Clouds:
    """Both clouds, as the AWS account's owner and the holder of a token of Google's see them."""
    google = google_api(stage.cloud.google_url, token)
    return Clouds(google=google, aws=AwsApi(owner(stage), endpoint=stage.cloud.aws_url))


def owner(stage: StackHarness) -> boto3.Session:
    """The owner of the AWS account."""
    environment = stage.cloud.environment()
    return boto3.Session(
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        region_name=stage.cloud.aws_region,
    )


def google_api(url: str, token: str, *, quota_project: str | None = None) -> GoogleApi:
    """The local Google as the holder of a token sees it, perhaps with a project for quota in the credentials."""
    credentials = google.oauth2.credentials.Credentials(  # type: ignore[no-untyped-call]  # google-auth's own
        token, quota_project_id=quota_project
    )
    return GoogleApi(credentials, GoogleEndpoints(base_url=url), project="my-project")


@contextmanager
def token_of_the_reader(stage: StackHarness, *roles: str) -> Iterator[str]:
    """A token of the stack's own service account, with further roles on the project: of a user with few rights."""
    email, role = stage.output(outputs.SERVICE_ACCOUNT), changes.role_name(stage)
    # By name: another test's provider may be there, too.
    provider = ProviderName.parse(stage.output(outputs.PROVIDER_NAME))
    choice = Choice(role=role, provider=f"{provider.pool_id}/{provider.provider_id}")
    form = signed_form(stage.cloud.endpoints, choice)
    exchanged = httpx.post(
        f"{stage.cloud.google_url}/v1/token",
        content=form,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        timeout=20,
    ).raise_for_status()
    impersonated = httpx.post(
        f"{stage.cloud.google_url}/v1/projects/-/serviceAccounts/{email}:generateAccessToken",
        json={"scope": ["https://www.googleapis.com/auth/cloud-platform"]},
        headers={"Authorization": f"Bearer {exchanged.json()['access_token']}"},
        timeout=20,
    ).raise_for_status()
    project = f"/v1/projects/{stage.cloud.project_id}"
    before = stage.google("POST", f"{project}:getIamPolicy", {})["bindings"]
    more = [{"role": role, "members": [f"serviceAccount:{email}"]} for role in roles]
    stage.google("POST", f"{project}:setIamPolicy", {"policy": {"bindings": [*before, *more]}})
    yield impersonated.json()["accessToken"]
    stage.google("POST", f"{project}:setIamPolicy", {"policy": {"bindings": before}})


@dataclasses.dataclass
class FakeTime:
    """Time that passes only by waiting."""

    now: float = 0.0
    slept: list[float] = dataclasses.field(default_factory=list)

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float, /) -> None:
        self.slept.append(seconds)
        self.now += seconds


@dataclasses.dataclass
class CloudTime:
    """Time in which a pause takes none: the local cloud's clock is moved instead."""

    stage: StackHarness
    ahead: float = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead

    def sleep(self, seconds: float, /) -> None:
        step = math.ceil(seconds)
        Remote(self.stage.cloud.endpoints).advance(timedelta(seconds=step))
        self.ahead += step
