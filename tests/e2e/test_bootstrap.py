"""Bootstrap's identities on the local cloud: which of GitHub's jobs get them, and that they suffice for a stack's life.

GitHub's issuer is one of the tests', whose keys the local cloud is given as GitHub's. All else is the real program, on
the real engine, with its own policies enforced on both sides.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping

import pytest

from bootstrap.subjects import ISSUER
from federation_emulator.client.cloud import LocalCloud
from federation_emulator.client.issuer import Issuer
from federation_emulator.ports import issuers
from pulumi_offline.engine.pins import ROOT
from pulumi_offline.engine.workspace import Workspace
from pulumi_offline.stack_harness import StackHarness
from tests.bootstrap.given import JOBS, KEY, REQUIRED
from tests.e2e.github_jobs import Jobs

NAME = "prod"
DEPLOYS, PREVIEWS = JOBS["main in the environment deploys"][0], JOBS["a pull request's job looks"][0]
ENVIRONMENT_KEY = KEY.replace("1111", "9999")


@pytest.fixture(scope="module")
def bootstrap(cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackHarness]:
    """The identities, deployed by the owner of both clouds."""
    google = {
        f"GOOGLE_{name}_CUSTOM_ENDPOINT": f"{cloud.google_url}/{version}/"
        for name, version in {
            "IAM_BETA": "v1",
            "SERVICE_USAGE": "v1beta1",
            "RESOURCE_MANAGER": "v1",
            "BIG_QUERY": "bigquery/v2",
            "CLOUD_BILLING": "v1",
        }.items()
    }
    settings = {
        **REQUIRED,
        "googleProject": cloud.project_id,
        "awsAccountId": cloud.aws_account_id,
        "environmentKmsKeyArn": ENVIRONMENT_KEY,
        "secretsKey": KEY,
    }
    with StackHarness(
        cloud,
        tmp_path_factory.mktemp("bootstrap"),
        settings,
        name=NAME,
        program=ROOT / "bootstrap",
        environment=google,
    ) as harness:
        harness.up()
        yield harness


@pytest.fixture(scope="module")
def jobs(cloud: LocalCloud, bootstrap: StackHarness) -> Jobs:
    """What GitHub's jobs get for their tokens."""
    github = Issuer(ISSUER, algorithms=("RS256",))
    (cloud.folder / issuers.FILE).write_text(json.dumps({ISSUER: json.loads(github.key_set())}))
    return Jobs(cloud, github, bootstrap)


@pytest.mark.parametrize("job", JOBS)
def test_a_job_gets_what_it_is_for_and_no_more(jobs: Jobs, job: str) -> None:
    claims, expected = JOBS[job]
    assert jobs.opened_on_google(claims) == expected
    # AWS knows one subject from another, and not that a job in the environment is on main as well.
    assert jobs.opened_on_aws(claims) == (expected if expected != {"preview", "deploy"} else {"deploy"})


@dataclasses.dataclass(frozen=True, kw_only=True)
class Life:
    """What the engine did of a stack, as a job of GitHub's, and what both clouds recorded of it."""

    steps: dict[str, set[str]]
    used_on_aws: dict[str, set[str]]
    used_on_google: dict[str, set[str]]


WHOLE = {"schedule": "rate(1 hour)", "reservedConcurrency": 5}
CHANGED = {"memoryMb": 256, "columns": [{"name": "user_id", "type": "INTEGER"}, {"name": "name", "type": "STRING"}]}


@pytest.fixture(scope="module")
def life(cloud: LocalCloud, jobs: Jobs, tmp_path_factory: pytest.TempPathFactory) -> Life:
    """A stack from its first preview to its end."""
    folder = tmp_path_factory.mktemp("stack")
    state = {"PULUMI_BACKEND_URL": Workspace(folder).backend.as_uri()}
    bounded = {
        "permissionsBoundaryArn": jobs.bootstrap.output("permissions_boundary_arn"),
        "environmentKmsKeyArn": ENVIRONMENT_KEY,
    }
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    steps = {}
    deployer = jobs.environment(DEPLOYS, "deploy", session="life")
    previewer = jobs.environment(PREVIEWS, "preview", session="life")
    with (
        StackHarness(cloud, folder, bounded | WHOLE, name=NAME, environment=deployer) as stack,
        # In a folder of its own, as on another machine: its plugins have other credentials.
        StackHarness(cloud, elsewhere, bounded | WHOLE, name=NAME, environment=previewer | state) as looking,
    ):
        steps["a preview before the first deployment"] = set(looking.preview().change_summary)
        steps["a deployment"] = set(stack.up())
        steps["another one"] = set(stack.up(refresh=True))
        steps["the watch for drift"] = set(looking.preview(refresh=True).change_summary)
        steps["a change"] = set(stack.beside(NAME, bounded | CHANGED).up(refresh=True))
        steps["the end"] = set(stack.destroy())
    return Life(steps=steps, used_on_aws=jobs.used_on_aws("life"), used_on_google=jobs.used_on_google())


def test_the_identities_suffice_for_a_stacks_whole_life(life: Life) -> None:
    assert life.steps == {
        "a preview before the first deployment": {"create"},
        "a deployment": {"create"},
        "another one": {"same"},
        "the watch for drift": {"same"},
        "a change": {"same", "update", "delete"},
        "the end": {"delete"},
    }


def test_no_right_is_granted_that_nothing_uses(life: Life) -> None:
    print(json.dumps({k: sorted(v) for k, v in life.used_on_aws.items()}, indent=1))
    print(json.dumps({k: sorted(v) for k, v in life.used_on_google.items()}, indent=1))
    assert False
