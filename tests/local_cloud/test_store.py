"""The state outlives a restart whole, is never half written, and never holds a token."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from local_cloud.permissions import Policy
from local_cloud.store import Collection, StateError, new_etag, same_etag
from local_cloud.tokens import digest
from tests.local_cloud.chain import AUDIENCE, BIGQUERY_PATH, POOL_PATH, Chain, LocalAccount, deploy, token_of
from tests.local_cloud.google_server import DEPLOYER_TOKEN, serving


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


@pytest.mark.parametrize("content", ["", "{", "[]", '{"a": 1}', '{"a": {"bindings": []}}'])
def test_a_file_that_cannot_be_read_stops_the_start_and_names_itself(tmp_path: Path, content: str) -> None:
    (tmp_path / "policies.json").write_text(content)
    with pytest.raises(StateError, match=r"policies\.json"):
        Collection("policies", Policy.from_json, folder=tmp_path)


def test_a_write_that_fails_leaves_the_old_file_and_no_rubbish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    policies = Collection("policies", Policy.from_json, folder=tmp_path)
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
    Collection("policies", Policy.from_json, folder=tmp_path).put("a", Policy(etag="one"))
    (tmp_path / ".policies.json.x1").write_text('{"a"')
    (tmp_path / ".pools.json.x2").write_text("{")
    assert Collection("policies", Policy.from_json, folder=tmp_path).get("a") == Policy(etag="one")
    assert sorted(file.name for file in tmp_path.iterdir()) == [".pools.json.x2", "policies.json"]


def test_etags_compare_as_bytes() -> None:
    assert same_etag("a+b/cd==", "a-b_cd")
    assert not same_etag("AAAA", "AAAB")
    assert same_etag("not base64!", "not base64!")
    assert not same_etag("not base64!", "ACAB")
    assert new_etag() != new_etag()
