"""The state outlives a restart whole, is never half written, and never holds a token."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from federation_emulator.core.clock import SystemClock
from federation_emulator.core.conditions import Condition
from federation_emulator.core.context import open_cloud
from federation_emulator.core.errors import StateError
from federation_emulator.core.permissions import Policy
from federation_emulator.core.store import Collection, new_etag, same_etag
from federation_emulator.core.tokens import digest
from tests.emulator.chain import AUDIENCE, BIGQUERY_PATH, POOL_PATH, Chain, LocalAccount, deploy, token_of
from tests.emulator.google_server import DEPLOYER_TOKEN, config, serving


def test_a_restarted_server_knows_resources_and_policies_again_and_no_token(
    aws_url: str, bigquery_url: str, as_function: object, tmp_path: Path
) -> None:
    assert as_function
    query = {"query": "SELECT 1", "useLegacySql": False}
    with serving(aws_url=aws_url, bigquery_url=bigquery_url, state_directory=tmp_path) as google:
        chain: Chain = deploy(google, LocalAccount(aws_url))
        token = token_of(chain.credentials())
        assert google.call("POST", f"{BIGQUERY_PATH}/queries", query, token=token).status_code == 200
        before = google.done("GET", "/_local/resources")
    with serving(aws_url=aws_url, bigquery_url=bigquery_url, state_directory=tmp_path) as google:
        assert google.done("GET", "/_local/resources") == {**before, "liveTokens": 0}
        assert google.call("POST", f"{BIGQUERY_PATH}/queries", query, token=token).status_code == 401
        again = token_of(replace(chain, google=google).credentials())
        assert google.call("POST", f"{BIGQUERY_PATH}/queries", query, token=again).status_code == 200
    written = "".join(file.read_text() for file in tmp_path.iterdir())
    assert POOL_PATH.rpartition("/")[2] in written
    assert AUDIENCE.rpartition("/")[2] in written
    assert token not in written
    assert digest(token) not in written
    assert DEPLOYER_TOKEN not in written


WRITTEN_BEFORE: dict[str, dict[str, Any]] = {
    "clock": {"ahead": {"seconds": 60}},
    "services": {"projects/p/services/iam.googleapis.com": {"project_id": "p", "name": "iam.googleapis.com"}},
    "pools": {
        "POOL": {"name": "POOL", "display_name": "", "description": "", "disabled": False, "expire_time": ""},
    },
    "providers": {
        "POOL/providers/aws": {
            "name": "POOL/providers/aws", "account_id": "210987654321",
            "attribute_mapping": {"google.subject": "assertion.arn"},
            "attribute_condition": "", "display_name": "", "description": "", "disabled": True, "expire_time": "",
        },
    },
    "service_accounts": {
        "1": {
            "unique_id": "1", "email": "a@p.iam.gserviceaccount.com", "project_id": "p", "display_name": "",
            "description": "", "disabled": False, "etag": "e", "expire_time": "",
        },
    },
    "policies": {
        "projects/local-keyless": {
            "etag": "x",
            "bindings": [
                {"role": "roles/owner", "members": ["user:u@x.y"], "condition": None},
                {
                    "role": "roles/browser", "members": ["user:u@x.y"],
                    "condition": {"title": "t", "expression": "true", "description": "", "location": ""},
                },
            ],
        },
    },
    "organisation_policies": {
        "projects/p/constraints/c": {
            "constraint": "constraints/c", "allowed": ["a"], "denied": [], "everything": "", "etag": "e",
        },
    },
    "dataset_access": {"projects/p/datasets/d": {"entries": [{"role": "READER", "specialGroup": "projectReaders"}]}},
    "views": {"VIEW": {"query": "SELECT 1", "project": "p", "dataset": "", "dataset_project": ""}},
    "details": {"TABLE": {"fields": {"requirePartitionFilter": True}}},
    "column_tags": {"TABLE": {"tags": {"a": "projects/p/locations/us/taxonomies/1/policyTags/2"}}},
}  # fmt: skip
"""Each file of a state as it is written: most of them by hand-made writers, before pydantic."""


def test_a_state_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    for name, values in WRITTEN_BEFORE.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(values))
    cloud = open_cloud(config(state_directory=tmp_path), SystemClock())
    assert cloud.clock.ahead == timedelta(seconds=60)
    assert (len(cloud.services), len(cloud.organisation_policies), len(cloud.views)) == (1, 1, 1)
    assert [pool.wire()["state"] for pool in cloud.pools.values()] == ["ACTIVE"]
    assert [provider.attribute_mapping for provider in cloud.providers.values()] == [
        {"google.subject": "assertion.arn"}
    ]
    assert [account.policy_key for account in cloud.accounts.values()] == ["serviceAccounts/1"]
    assert cloud.policy("projects/local-keyless").bindings[1].condition == Condition(title="t", expression="true")
    assert (
        list(cloud.datasets.values()[0].entries) == WRITTEN_BEFORE["dataset_access"]["projects/p/datasets/d"]["entries"]
    )
    assert cloud.column_tags.values()[0].tags.keys() == {"a"}
    assert cloud.details.values()[0].fields == {"requirePartitionFilter": True}


@pytest.mark.parametrize("content", ["", "{", "[]", '{"a": 1}', '{"a": {"bindings": []}, "b": 1}'])
def test_a_file_that_cannot_be_read_stops_the_start_and_names_itself(tmp_path: Path, content: str) -> None:
    (tmp_path / "policies.json").write_text(content)
    with pytest.raises(StateError, match=r"policies\.json"):
        Collection("policies", Policy, folder=tmp_path)


def test_a_write_that_fails_leaves_the_old_file_and_no_rubbish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    policies = Collection("policies", Policy, folder=tmp_path)
    policies.put("a", Policy(etag="one"))
    before = (tmp_path / "policies.json").read_text()

    def full(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="no space"):
        policies.put("a", Policy(etag="two"))
    assert [file.name for file in tmp_path.iterdir()] == ["policies.json"]
    assert (tmp_path / "policies.json").read_text() == before
    # What was not written was not acknowledged, so it must not count either.
    assert policies.get("a") == Policy(etag="one")


def test_what_a_kill_left_half_written_is_removed_at_the_next_start(tmp_path: Path) -> None:
    Collection("policies", Policy, folder=tmp_path).put("a", Policy(etag="one"))
    (tmp_path / ".policies.json.x1").write_text('{"a"')
    (tmp_path / ".pools.json.x2").write_text("{")
    assert Collection("policies", Policy, folder=tmp_path).get("a") == Policy(etag="one")
    assert sorted(file.name for file in tmp_path.iterdir()) == [".pools.json.x2", "policies.json"]


def test_etags_compare_as_bytes() -> None:
    assert same_etag("a+b/cd==", "a-b_cd")
    assert not same_etag("AAAA", "AAAB")
    assert same_etag("not base64!", "not base64!")
    assert not same_etag("not base64!", "ACAB")
    assert new_etag() != new_etag()
