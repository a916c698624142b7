"""The real aws command against the local AWS."""

from __future__ import annotations

import json

import boto3

from federation_emulator.client.cloud import LocalCloud
from tests.official_tools.shell import Shell, installed

pytestmark = installed("aws")


def test_the_pasted_keys_are_the_accounts_owner_and_a_wrong_secret_of_a_users_key_is_refused(
    shell: Shell, cloud: LocalCloud
) -> None:
    identity = shell.run("aws", "sts", "get-caller-identity")
    assert json.loads(identity.output)["Arn"] == f"arn:aws:iam::{cloud.aws_account_id}:root", identity.errors
    iam = boto3.client(
        "iam", endpoint_url=cloud.aws_url, region_name=cloud.aws_region,
        aws_access_key_id=cloud.aws_account_id, aws_secret_access_key="test",
    )  # fmt: skip
    iam.create_user(UserName="someone")
    key = iam.create_access_key(UserName="someone")["AccessKey"]["AccessKeyId"]
    refused = shell.but(AWS_ACCESS_KEY_ID=key, AWS_SECRET_ACCESS_KEY="wrong").run("aws", "sts", "get-caller-identity")
    assert refused.status != 0
    assert "SignatureDoesNotMatch" in refused.errors
