"""Google's own libraries: default credentials from a file, and clients made from the discovery documents they ship."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import google.auth
import google.auth.aws
import httplib2
import pytest
from google.api_core.client_options import ClientOptions
from google.api_core.exceptions import Forbidden
from google.auth import _helpers
from google.auth.exceptions import OAuthError
from google.cloud import bigquery
from google.oauth2.credentials import Credentials
from google_auth_httplib2 import AuthorizedHttp
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

from federation_emulator.core.trace import Link
from tests.emulator.chain import (
    ACCOUNT,
    FUNCTION,
    MEMBER,
    POOL_NAME,
    POOL_PATH,
    READER,
    ROLE,
    SCOPE,
    UNIVERSE,
    Chain,
    Keys,
)  # fmt: skip
from tests.emulator.google_server import DEPLOYER_TOKEN, NUMBER, PROJECT, Google

HIMSELF = f"principal://iam.googleapis.com/{POOL_NAME}/subject/arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}/{FUNCTION}"


def default_client(chain: Chain, file: Path, monkeypatch: pytest.MonkeyPatch, *, direct: bool) -> bigquery.Client:
    """A BigQuery client whose credentials google-auth finds by itself."""
    configuration = chain.configuration()
    if direct:
        del configuration["service_account_impersonation_url"]
    file.write_text(json.dumps(configuration))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", PROJECT)
    credentials, project = google.auth.default(scopes=[SCOPE])
    options = ClientOptions(api_endpoint=chain.google.url, universe_domain=UNIVERSE)
    return bigquery.Client(project=project, credentials=credentials, client_options=options)


def names(client: bigquery.Client, chain: Chain) -> list[str]:
    sql = chain.sql("SELECT name FROM {users} ORDER BY user_id")
    return [row.name for row in client.query_and_wait(sql)]


def let_an_hour_pass(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    """For server and client alike; what is signed keeps the host's time, which is AWS's."""
    chain.google.done("POST", "/_local/clock", {"advanceSeconds": 3601})
    monkeypatch.setattr(google.auth.aws, "_helpers", SimpleNamespace(**vars(_helpers)))
    now: Callable[[], datetime] = _helpers.utcnow
    monkeypatch.setattr(_helpers, "utcnow", lambda: now() + timedelta(seconds=3601))


def exchanges(chain: Chain) -> int:
    return sum(decision.link is Link.TOKEN_EXCHANGE for decision in chain.google.decisions())


@pytest.mark.parametrize("direct", [False, True])
def test_default_credentials_read_renew_themselves_after_expiry(
    chain: Chain, as_function: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, direct: bool
) -> None:
    assert as_function.token
    client = default_client(chain, tmp_path / "adc.json", monkeypatch, direct=direct)
    if direct:
        with pytest.raises(Forbidden):
            names(client, chain)
        chain.grant(f"/v1/projects/{PROJECT}", "roles/bigquery.jobUser", HIMSELF)
        chain.grant(f"{chain.tables_path}/users", "roles/bigquery.dataViewer", HIMSELF)
    assert names(client, chain) == ["users-1", "users-2", "users-3"]
    assert exchanges(chain) == 1
    let_an_hour_pass(chain, monkeypatch)
    assert names(client, chain) == ["users-1", "users-2", "users-3"]
    assert exchanges(chain) == 2
    chain.google.done("PATCH", f"{POOL_PATH}?updateMask=disabled", {"disabled": True})
    if direct:
        with pytest.raises(OAuthError, match="invalid_target"):
            names(client, chain)
    else:
        # A service account's token, once made, no longer asks for the pool.
        assert names(client, chain)


def api(google_: Google, name: str, version: str, token: str = DEPLOYER_TOKEN) -> Any:
    """A client of one API, made from the discovery document in the installed package."""
    credentials = Credentials(token)  # type: ignore[no-untyped-call]  # google-auth has no types
    return build(
        name, version, http=AuthorizedHttp(credentials, http=httplib2.Http(timeout=20)),
        client_options=ClientOptions(api_endpoint=google_.url), static_discovery=True,
    )  # fmt: skip


def test_the_iam_client_makes_finds_shares_and_deletes(quiet_google: Google) -> None:
    with api(quiet_google, "serviceusage", "v1") as usage:
        parent = f"projects/{PROJECT}"
        body = {"serviceIds": ["iam.googleapis.com", "cloudresourcemanager.googleapis.com"]}
        assert usage.services().batchEnable(parent=parent, body=body).execute()["done"] is True
        request, found = usage.services().list(parent=parent, filter="state:ENABLED", pageSize=1), []
        while request is not None:
            page = request.execute()
            found += [service["config"]["name"] for service in page["services"]]
            request = usage.services().list_next(request, page)
        assert set(body["serviceIds"]) < set(found)
    with api(quiet_google, "iam", "v1") as iam:
        pools = iam.projects().locations().workloadIdentityPools()
        parent = f"projects/{PROJECT}/locations/global"
        operation = pools.create(
            parent=parent, workloadIdentityPoolId="discovered", body={"displayName": "d"}
        ).execute()
        assert pools.operations().get(name=operation["name"]).execute()["done"] is True
        name = f"projects/{NUMBER}/locations/global/workloadIdentityPools/discovered"
        assert [pool["name"] for pool in pools.list(parent=parent).execute()["workloadIdentityPools"]] == [name]
        pools.patch(name=name, updateMask="displayName", body={"displayName": "e"}).execute()
        assert pools.get(name=name).execute()["displayName"] == "e"
        pools.delete(name=name).execute()
        assert pools.list(parent=parent).execute() == {}
        assert pools.list(parent=parent, showDeleted=True).execute()["workloadIdentityPools"][0]["state"] == "DELETED"

        accounts = iam.projects().serviceAccounts()
        accounts.create(name=f"projects/{PROJECT}", body={"accountId": "reader"}).execute()
        account = f"projects/-/serviceAccounts/{READER}"
        policy = {"bindings": [{"role": "roles/iam.workloadIdentityUser", "members": [MEMBER]}]}
        first = accounts.setIamPolicy(resource=account, body={"policy": policy}).execute()
        accounts.setIamPolicy(resource=account, body={"policy": {**policy, "etag": first["etag"]}}).execute()
        with pytest.raises(HttpError, match="concurrent") as stale:
            accounts.setIamPolicy(resource=account, body={"policy": {**policy, "etag": first["etag"]}}).execute()
        assert stale.value.status_code == 409
        assert accounts.getIamPolicy(resource=account).execute()["bindings"] == policy["bindings"]
        with pytest.raises(HttpError) as unserved:
            accounts.keys().create(name=account, body={}).execute()
        assert unserved.value.status_code == 501


def test_the_resource_manager_client_reads_and_shares_the_project(quiet_google: Google) -> None:
    with api(quiet_google, "cloudresourcemanager", "v1") as manager:
        projects = manager.projects()
        assert projects.get(projectId=PROJECT).execute()["projectNumber"] == NUMBER
        policy = projects.getIamPolicy(resource=PROJECT, body={}).execute()
        policy["bindings"].append({"role": "roles/bigquery.jobUser", "members": ["user:somebody@local.invalid"]})
        changed = projects.setIamPolicy(resource=PROJECT, body={"policy": policy}).execute()
        assert changed["bindings"] == policy["bindings"]
        with pytest.raises(HttpError) as missing:
            projects.get(projectId="another-project").execute()
        assert missing.value.status_code == 403
    with api(quiet_google, "cloudresourcemanager", "v3") as newer, pytest.raises(HttpError) as unserved:
        newer.projects().get(name=f"projects/{PROJECT}").execute()
    assert unserved.value.status_code == 501
