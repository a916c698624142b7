"""The real aws command against the local AWS."""

from __future__ import annotations

import json

from federation_emulator.client.cloud import LocalCloud
from tests.emulator.chain import LocalAccount
from tests.official_tools.shell import Shell, installed

pytestmark = installed("aws")


def test_the_pasted_keys_are_the_accounts_owner_and_a_wrong_secret_of_a_users_key_is_refused(
    shell: Shell, cloud: LocalCloud
) -> None:
    identity = shell.run("aws", "sts", "get-caller-identity")
    assert json.loads(identity.output)["Arn"] == f"arn:aws:iam::{cloud.aws_account_id}:root", identity.errors
    user = LocalAccount(cloud.aws_url, cloud.aws_account_id).user(path="/")
    refused = shell.but(AWS_ACCESS_KEY_ID=user.key, AWS_SECRET_ACCESS_KEY="wrong").run(
        "aws", "sts", "get-caller-identity"
    )
    assert refused.status != 0
    assert "SignatureDoesNotMatch" in refused.errors
