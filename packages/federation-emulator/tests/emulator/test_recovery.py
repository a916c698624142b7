"""A kill between two writes that belong together leaves nothing that the next start doesn't correct."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from federation_emulator.servers.sockets import reachable
from tests.emulator.chain import ACCOUNT_PATH, POOL_PATH, POOLS_PATH, PROVIDER_PATH, READER
from tests.emulator.google_server import PROJECT, serving
from tests.emulator.in_process import InProcess

POLICY = f"/v1/projects/{PROJECT}"
MEMBER = f"serviceAccount:{READER}"
WRITES = 6
"""More than any of the changes below makes."""

KillAt = Callable[[int], None]


class Killed(BaseException):
    """Stands for a kill: no code of ours goes on after it."""


@pytest.fixture
def kill_at(monkeypatch: pytest.MonkeyPatch) -> KillAt:
    """Makes the n-th write of a file from now the one at which the process dies."""
    replace = Path.replace

    def arm(number: int) -> None:
        left = [number]

        def replace_until(self: Path, target: Path) -> Path:
            left[0] -= 1
            if left[0] < 0:
                raise Killed
            return replace(self, target)

        monkeypatch.setattr(Path, "replace", replace_until)

    return arm


def survives(google: InProcess, method: str, path: str) -> bool:
    """Whether the process lived through the call."""
    try:
        return google.call(method, path).is_success
    except Killed:
        return False


def seeded(folder: Path) -> InProcess:
    """A pool with a provider, an account, and a grant for it on the project and on itself."""
    google = InProcess.open(folder)
    google.done("POST", f"{POLICY}/services/iam.googleapis.com:enable")
    google.done("POST", f"{POOLS_PATH}?workloadIdentityPoolId=keyless-pool", {})
    aws = {"aws": {"accountId": "210987654321"}}
    google.done("POST", f"{POOL_PATH}/providers?workloadIdentityPoolProviderId=aws-provider", aws)
    google.done("POST", f"{POLICY}/serviceAccounts", {"accountId": "reader"})
    for path, role in ((POLICY, "roles/bigquery.jobUser"), (ACCOUNT_PATH, "roles/iam.serviceAccountUser")):
        policy = google.done("POST", f"{path}:getIamPolicy")
        policy["bindings"] = [*policy.get("bindings", []), {"role": role, "members": [MEMBER]}]
        google.done("POST", f"{path}:setIamPolicy", {"policy": policy})
    return google


def members(google: InProcess) -> set[str]:
    policy = google.done("POST", f"{POLICY}:getIamPolicy")
    return {member for binding in policy["bindings"] for member in binding["members"]}


@pytest.mark.parametrize("write", range(WRITES))
def test_no_kill_lets_a_namesake_inherit_a_deleted_accounts_grants(
    tmp_path: Path, kill_at: KillAt, write: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    google = seeded(tmp_path)
    kill_at(write)
    done = survives(google, "DELETE", ACCOUNT_PATH)
    monkeypatch.undo()
    again = InProcess.open(tmp_path)
    deleted = again.call("GET", ACCOUNT_PATH).status_code == 404
    assert deleted or not done, "what was acknowledged is there"
    assert (MEMBER in members(again)) is not deleted
    if deleted:
        again.done("POST", f"{POLICY}/serviceAccounts", {"accountId": "reader"})
        assert MEMBER not in members(again)
        assert MEMBER not in members(InProcess.open(tmp_path))


@pytest.mark.parametrize("write", range(WRITES))
def test_no_kill_leaves_an_undeleted_account_without_its_grants(
    tmp_path: Path, kill_at: KillAt, write: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    google = seeded(tmp_path)
    unique_id = google.done("GET", ACCOUNT_PATH)["uniqueId"]
    assert google.call("DELETE", ACCOUNT_PATH).is_success
    kill_at(write)
    done = survives(google, "POST", f"{POLICY}/serviceAccounts/{unique_id}:undelete")
    monkeypatch.undo()
    again = InProcess.open(tmp_path)
    alive = again.call("GET", ACCOUNT_PATH).is_success
    assert alive or not done
    assert (MEMBER in members(again)) is alive


@pytest.mark.parametrize("write", range(3))
def test_a_pool_whose_deletion_was_killed_can_be_deleted_again(
    tmp_path: Path, kill_at: KillAt, write: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    google = seeded(tmp_path)
    kill_at(write)
    survives(google, "DELETE", POOL_PATH)
    monkeypatch.undo()
    again = InProcess.open(tmp_path)
    if again.done("GET", POOL_PATH)["state"] == "ACTIVE":
        assert again.call("DELETE", POOL_PATH).is_success
    assert [again.done("GET", path)["state"] for path in (POOL_PATH, PROVIDER_PATH)] == ["DELETED", "DELETED"]


def test_what_bigquery_lost_is_dropped_and_what_it_has_stays(aws_url: str, bigquery_url: str, tmp_path: Path) -> None:
    datasets = f"/bigquery/v2/projects/{PROJECT}/datasets"
    with serving(aws_url=aws_url, bigquery_url=bigquery_url, state_directory=tmp_path) as google:
        google.done("POST", f"{POLICY}/services/bigquery.googleapis.com:enable")
        for name in ("recovery_lost", "recovery_kept"):
            google.done("POST", datasets, {"datasetReference": {"datasetId": name}})
    socket = httpx.HTTPTransport(uds=reachable(bigquery_url.removeprefix("unix:")))
    with httpx.Client(transport=socket, base_url="http://localhost") as emulator:
        emulator.delete(f"{datasets}/recovery_lost").raise_for_status()
    with serving(aws_url=aws_url, bigquery_url=bigquery_url, state_directory=tmp_path) as google:
        assert set(google.done("GET", "/_local/resources")["datasets"]) == {"recovery_kept"}
        assert google.call("DELETE", f"{datasets}/recovery_kept").ok
