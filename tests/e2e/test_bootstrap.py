"""Bootstrap's identities on the local cloud: which of GitHub's jobs get them, and that they suffice for a stack's life.

GitHub's issuer is one of the tests', whose keys the local cloud is given as GitHub's. All else is the real program, on
the real engine, with its own policies enforced on both sides.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from bootstrap.subjects import ISSUER
from federation_emulator.client.cloud import LocalCloud
from federation_emulator.client.issuer import Issuer
from federation_emulator.ports import issuers
from pulumi_offline.engine.pins import ROOT
from pulumi_offline.stack_harness import StackHarness
from tests.bootstrap.given import JOBS, REQUIRED
from tests.e2e.github_jobs import Jobs

NAME = "prod"


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
    settings = {**REQUIRED, "googleProject": cloud.project_id, "awsAccountId": cloud.aws_account_id}
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


def test_first(jobs: Jobs, cloud: LocalCloud, tmp_path: Path) -> None:
    deployer = jobs.environment(JOBS["main in the environment deploys"][0], "deploy")
    bounded = {"permissionsBoundaryArn": jobs.bootstrap.output("permissions_boundary_arn")}
    with StackHarness(cloud, tmp_path, bounded, name=NAME, environment=deployer) as stack:
        print(stack.up())
        print(stack.preview().change_summary)
        print(stack.destroy())
