"""`serve` for a program of one's own: another AWS, no BigQuery, a seed; what contradicts itself is refused at once."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from federation_emulator.client.cloud import LocalCloud
from federation_emulator.client.oidc import Job, job_token
from federation_emulator.client.remote import Remote
from federation_emulator.client.use import Choice, environment, subject_token
from federation_emulator.commands import parser
from federation_emulator.core.credentials import audience
from federation_emulator.core.roles import RoleError, SessionKeys
from federation_emulator.expected import ExpectedError
from federation_emulator.servers import launch
from federation_emulator.servers.aws import another_aws
from federation_emulator.servers.process import ProcessError, family
from federation_emulator.services.sts.model import ACCESS_TOKEN_TYPE, AWS_TOKEN_TYPE, GRANT_TYPE, JWT_TYPES
from tests.emulator.processes.conftest import exchange, refused
from tests.pace import slowness

SEED = """
project: {id: my-project, number: "000000000042"}
aws: {account: "210987654321", roles: [option-reader, option-other]}
pools:
  pool-one: {providers: {aws-one: {condition: "assertion.arn.contains('assumed-role/option-reader/')"}}}
  pool-two: {providers: {aws-two: {}}}
serviceAccounts: [partner]
"""
ON_A_DATASET = """
datasets: {shop: {}}
grants: [{resource: datasets/shop, role: roles/bigquery.dataViewer, members: ["user:someone@local.invalid"]}]
"""


def test_next_to_another_aws_and_without_bigquery_the_identity_is_as_strict(aws_url: str, tmp_path: Path) -> None:
    seed = tmp_path / "seed.yaml"
    seed.write_text(SEED + ON_A_DATASET)
    options = ["--seed", str(seed), "--aws-endpoint", aws_url, "--without", "bigquery"]
    with LocalCloud.start(state_directory=tmp_path / "cloud", options=options) as cloud:
        assert (cloud.aws_url, cloud.project_id, cloud.project_number) == (aws_url, "my-project", "000000000042")
        assert "access_token" in exchange(cloud, Choice(role="option-reader", provider="pool-one/aws-one")).json()
        assert (
            exchange(cloud, Choice(role="option-other", provider="pool-one/aws-one")).json()["error"]
            == "unauthorized_client"
        )
        assert "1 datasets and 1 grants on them are left out" in (cloud.folder / "serve.log").read_text()
        with pytest.raises(ProcessError, match="without bigquery"):
            Remote(cloud.endpoints).get("/bigquery/v2/projects/my-project/datasets")
        for choice, why in (
            (Choice(role="option-reader"), r"there are 2 providers; name one as POOL/PROVIDER: pool-one/aws-one"),
            (Choice(role="option-reader", provider="pool-one/../x"), r"there is no provider pool-one/\.\./x"),
            (
                Choice(role="option-reader", provider="pool-two/aws-two", service_account="absent"),
                r"there is no service account absent; there are: partner@my-project",
            ),
        ):
            with pytest.raises(ProcessError, match=why):
                environment(cloud.folder, cloud.endpoints, choice)


def test_what_contradicts_itself_is_refused_at_once(tmp_path: Path) -> None:
    seed = tmp_path / "seed.yaml"
    state = ("--state", str(tmp_path / "cloud"), "--seed", str(seed))

    def message(*options: str) -> str:
        with pytest.raises(ExpectedError) as refusal:
            launch.serve(parser().parse_args(["serve", *state, *options]))
        return str(refusal.value)

    seed.write_text(SEED)
    assert "--aws-endpoint contradict each other" in message("--without", "aws", "--aws-url", "http://127.0.0.1:9")
    assert "--project-id is other-project, and" in message("--project-id", "other-project")
    seed.write_text("pool: {}\n")
    assert "pool: there is no such key" in refused(*state)


def test_another_aws_must_be_on_this_machine_and_answer(tmp_path: Path) -> None:
    for elsewhere in ("https://sts.amazonaws.com", "http://192.0.2.1:4566", "http://127.0.0.1:1/path", "nothing"):
        with pytest.raises(ProcessError, match=r"it must be http://127\.0\.0\.1:PORT"):
            another_aws(elsewhere)
    silent = "http://127.0.0.1:9"
    assert f"no AWS answers at --aws-endpoint {silent}" in refused(
        "--state", str(tmp_path / "cloud"), "--no-bigquery", "--aws-url", silent
    )


OIDC_ONLY = """
pools:
  pool-one:
    providers:
      aws-one: {}
      jobs:
        issuer: https://token.actions.githubusercontent.com
        jwks: test-issuer
        mapping: {google.subject: assertion.sub}
        condition: assertion.repository_owner == 'acme'
"""
MOST_PROCESSOR_SECONDS = 2.0
MOST_MEGABYTES = 120


def test_without_aws_and_bigquery_it_is_light_and_serves_oidc_alone(tmp_path: Path) -> None:
    seed = tmp_path / "seed.yaml"
    seed.write_text("aws: {roles: [left-out]}\n" + OIDC_ONLY)
    options = ["--seed", str(seed), "--without", "aws", "--without", "bigquery"]
    with LocalCloud.start(state_directory=tmp_path / "cloud", options=options) as cloud:
        process = Path(f"/proc/{cloud.pid}")
        ticks = (process / "stat").read_text().rpartition(")")[2].split()[11:13]
        assert sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK") < MOST_PROCESSOR_SECONDS * slowness()
        peak = re.search(r"VmHWM:\s+(\d+) kB", (process / "status").read_text(), re.ASCII)
        assert peak
        assert int(peak[1]) / 1024 < MOST_MEGABYTES
        assert family(cloud.pid) == [cloud.pid]
        form = {
            "grant_type": GRANT_TYPE,
            "scope": "https://www.googleapis.com/auth/cloud-platform",
            "requested_token_type": ACCESS_TOKEN_TYPE,
        }
        token = job_token(cloud.endpoints, Job(repository="acme/shop", provider="pool-one/jobs"))
        of_job = {"audience": audience(cloud.endpoints, "pool-one/jobs"), "subject_token_type": JWT_TYPES[0]}
        assert "access_token" in sent(cloud, {**form, **of_job, "subject_token": token}).json()
        keys = SessionKeys(
            access_key_id="ASIAAAAAAAAAAAAAAAAA", secret_access_key="x", session_token="x", expires=datetime.now(UTC),
            region="us-east-1",
        )  # fmt: skip
        signed = subject_token(cloud.endpoints, "pool-one/aws-one", keys)
        of_role = {"audience": audience(cloud.endpoints, "pool-one/aws-one"), "subject_token_type": AWS_TOKEN_TYPE}
        refused_exchange = sent(cloud, {**form, **of_role, "subject_token": signed})
        assert refused_exchange.status_code == 501
        assert "This local Google runs without an AWS" in refused_exchange.json()["error_description"]
        with pytest.raises(RoleError, match="runs without an AWS"):
            environment(cloud.folder, cloud.endpoints, Choice(role="any", provider="pool-one/aws-one"))


def sent(cloud: LocalCloud, form: dict[str, str]) -> httpx.Response:
    return httpx.post(f"{cloud.google_url}/v1/token", data=form, timeout=10, trust_env=False)
