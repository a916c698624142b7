"""A key that is left of a deployed reader's account: every command that is printed of it is run as it is printed."""

from __future__ import annotations

import json
from typing import Any

from keyless_bigquery.components import outputs
from keyless_tools.doctor import fixes
from keyless_tools.doctor.keys.report import as_json, exit_code
from keyless_tools.doctor.keys.run import of_stack
from keyless_tools.doctor.stack import Stack
from pulumi_offline.stack_harness import StackHarness
from tests.doctor.following import shell
from tests.doctor.users import google_api
from tests.emulator.services.iam.certificates import certificate
from tests.official_tools.shell import installed

pytestmark = installed("gcloud")


def test_a_key_that_is_left_is_disabled_and_enabled_and_deleted(stage: StackHarness, stack: Stack) -> None:
    email = stage.output(outputs.SERVICE_ACCOUNT)
    google = google_api(stage.cloud.google_url, stage.cloud.deployer_token)
    body = {"publicKeyData": certificate()}
    key_id = stage.google("POST", f"/v1/projects/-/serviceAccounts/{email}/keys:upload", body)["name"][-40:]

    def listed() -> dict[str, Any]:
        (account,) = json.loads(as_json(of_stack(stack, google), days=1))["accounts"]
        (key,) = account["keys"]
        return dict(key)

    found = listed()
    assert (found["id"], found["state"]) == (key_id, "enabled")
    shell(stage, found["disable"])
    disabled = listed()
    assert disabled["state"] == "disabled: USER_INITIATED"
    assert disabled["delete"] == "not yet: its last use is unknown"
    assert "`gcloud services enable policyanalyzer.googleapis.com" in disabled["last use"]
    shell(stage, disabled["undo"])
    assert listed() == found
    shell(stage, fixes.delete_key(key_id, email=email))
    assert exit_code(of_stack(stack, google)) == 0
