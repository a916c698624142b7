"""`serve` for a program of one's own: another AWS, no BigQuery, a seed; what contradicts itself is refused at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from federation_emulator.client.cloud import LocalCloud
from federation_emulator.client.remote import Remote
from federation_emulator.client.use import Choice, environment
from federation_emulator.servers.aws import another_aws
from federation_emulator.servers.process import ProcessError
from tests.emulator.processes.conftest import exchange, refused

SEED = """
project: {id: my-project, number: "000000000042"}
aws: {account: "210987654321", roles: [option-reader, option-other]}
pools:
  pool-one: {providers: {aws-one: {condition: "assertion.arn.contains('assumed-role/option-reader/')"}}}
  pool-two: {providers: {aws-two: {}}}
serviceAccounts: [partner]
"""


def test_next_to_another_aws_and_without_bigquery_the_identity_is_as_strict(aws_url: str, tmp_path: Path) -> None:
    seed = tmp_path / "seed.yaml"
    seed.write_text(SEED)
    options = ["--seed", str(seed), "--aws-endpoint", aws_url, "--without", "bigquery"]
    with LocalCloud.start(state_directory=tmp_path / "cloud", options=options) as cloud:
        assert (cloud.aws_url, cloud.project_id, cloud.project_number) == (aws_url, "my-project", "000000000042")
        assert "access_token" in exchange(cloud, Choice(role="option-reader", provider="pool-one/aws-one")).json()
        assert (
            exchange(cloud, Choice(role="option-other", provider="pool-one/aws-one")).json()["error"]
            == "unauthorized_client"
        )
        with pytest.raises(ProcessError, match="without bigquery"):
            Remote(cloud.endpoints).get("/bigquery/v2/projects/my-project/datasets")
        for choice, why in (
            (Choice(role="option-reader"), r"there are 2 providers; name one with --provider: pool-one/aws-one"),
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
    seed.write_text(SEED + "datasets: {shop: {}}\n")
    assert "--without bigquery leaves no place for them" in refused(*state, "--no-bigquery")
    assert "--project-id is other-project, and" in refused(*state, "--project-id", "other-project")
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
