"""The real aws command against the local AWS."""

from __future__ import annotations

import json

from federation_emulator.client.cloud import LocalCloud
from tests.official_tools.shell import Shell, installed

pytestmark = installed("aws")


def test_the_pasted_keys_are_the_accounts_owner_and_no_function_is_there(shell: Shell, cloud: LocalCloud) -> None:
    identity = shell.run("aws", "sts", "get-caller-identity")
    assert json.loads(identity.output)["Arn"] == f"arn:aws:iam::{cloud.aws_account_id}:root", identity.errors
    assert json.loads(shell.run("aws", "lambda", "list-functions").output) == {"Functions": []}


def test_a_wrong_secret_of_a_users_key_is_refused(shell: Shell) -> None:
    assert shell.run("aws", "iam", "create-user", "--user-name", "somebody").status == 0
    made = json.loads(shell.run("aws", "iam", "create-access-key", "--user-name", "somebody").output)["AccessKey"]
    user = shell.but(AWS_ACCESS_KEY_ID=made["AccessKeyId"], AWS_SECRET_ACCESS_KEY="wrong")
    refused = user.run("aws", "sts", "get-caller-identity")
    assert refused.status != 0
    assert "SignatureDoesNotMatch" in refused.errors
