"""A setting that can't work is refused with the key, the value, the rule and the fix, together with all others."""

from __future__ import annotations

import pytest

from bootstrap.settings import Settings
from keyless_bigquery.settings.problems import SettingsError
from tests.bootstrap.given import DEFAULTS, GIVEN, KEY, REQUIRED, settings

LONG = "x" * 53


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("repository", "reports", "must be OWNER/NAME"),
        ("repository", "https://github.com/acme/reports", "must be OWNER/NAME"),
        ("repository", "acme/reports' || true", "must be OWNER/NAME"),
        ("repositoryId", "acme/reports", "must be the number"),
        ("ownerId", "acme", "must be the number"),
        ("subjects", "both", "must be one of numbered, named"),
        ("githubProvider", "no", "must be one of own, existing"),
        ("googleProject", "123456789012", "project number"),
        ("identityProject", "UPPER", "project id has"),
        ("awsAccountId", "21098765432", "12 digits"),
        ("awsRegion", "cn-north-1", "region"),
        ("namePrefix", f"{LONG}x", "at most 53 leave room"),
        ("namePrefix", "a b", "role"),
        ("namePrefix", "ci", "CI's own roles begin with ci-"),
        ("namePrefix", "ci-keyless-bigquery-prod", "CI's own roles begin with ci-"),
        ("environmentKmsKeyArn", "alias/environment", "full ARN of a key"),
        ("backendUrl", "file://~", "one machine only"),
        ("backendUrl", "s3://", "must be s3://BUCKET"),
        ("secretsKey", "alias/state", "must be the ARN of a KMS key"),
        ("secretKey", KEY, "there is no such setting. Did you mean secretsKey?"),
    ],
)
def test_a_wrong_value_is_one_problem(key: str, value: str, expected: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.read({**GIVEN, key: value}, stack="prod")
    (problem,) = refused.value.problems
    assert problem.key == key
    assert expected in str(problem)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("repository", "acme-corp/re.ports_2"),
        ("namePrefix", LONG),
        ("namePrefix", "circle"),
        ("environmentKmsKeyArn", KEY),
        ("backendUrl", "s3://acme-state/prod?region=eu-west-1&awssdk=v2"),
        ("backendUrl", "gs://acme.state"),
        ("backendUrl", "https://api.pulumi.com"),
        ("secretsKey", KEY),
        ("secretsKey", "projects/acme/locations/europe-west1/keyRings/pulumi/cryptoKeys/state"),
    ],
)
def test_a_right_one_is_taken(key: str, value: str) -> None:
    Settings.read({**GIVEN, key: value}, stack="prod")


def test_everything_that_must_be_set_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.read(dict(DEFAULTS), stack="prod")
    assert {problem.key for problem in refused.value.problems} == set(REQUIRED)


def test_a_name_that_is_too_long_for_googles_subject_or_a_pools_id_is_refused() -> None:
    with pytest.raises(SettingsError, match="at most 127"):
        settings(repository=f"acme/{'x' * 100}")
    with pytest.raises(SettingsError, match="the pool's id is invalid"):
        settings(stack="an-environment-with-a-long-name")


def test_the_two_kinds_of_state_and_of_key_are_distinguished() -> None:
    aws = settings(backendUrl="s3://acme-state/prod", secretsKey=KEY).state
    assert (aws.aws_bucket, aws.google_bucket, aws.aws_key, aws.google_key) == ("acme-state", None, KEY, None)
    google = settings(backendUrl="gs://acme-state", secretsKey="projects/p/locations/l/keyRings/r/cryptoKeys/k").state
    assert (google.aws_bucket, google.google_bucket, google.aws_key) == (None, "acme-state", None)
    cloud = settings(backendUrl="https://api.pulumi.com").state
    assert (cloud.aws_bucket, cloud.google_bucket, cloud.aws_key, cloud.google_key) == (None, None, None, None)
