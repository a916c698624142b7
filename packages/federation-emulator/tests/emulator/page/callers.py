"""Callers for the page to show: one that gets its rows, and others that are refused, each at another link."""

from __future__ import annotations

from typing import Any

import requests

from tests.emulator.chain import ACCOUNT_PATH, BIGQUERY_PATH, MEMBER, READER, ROLE, SCOPE, Chain, Keys
from tests.emulator.signing import document, exchange

WORKLOAD_USER = "roles/iam.workloadIdentityUser"
SIBLING = MEMBER.replace(ROLE, f"{ROLE}-2")


def walk(chain: Chain, keys: Keys, *, sql: str = "SELECT user_id FROM {users}", **form: str) -> list[str]:
    """Go from a role's keys to a table's rows, or as far as one is let.

    Returns:
        Everything secret that came up on the way: keys, and the tokens that were given out.
    """
    seen = [keys.secret, keys.token]
    answer = exchange(chain.google, document(keys), **form)
    if answer.ok:
        seen.append(answer.json()["access_token"])
        path = f"/v1/projects/-/serviceAccounts/{READER}:generateAccessToken"
        answer = _ask(chain, path, {"scope": [SCOPE]}, token=seen[-1])
    if answer.ok:
        seen.append(answer.json()["accessToken"])
        _ask(chain, f"{BIGQUERY_PATH}/queries", {"query": chain.sql(sql), "useLegacySql": False}, token=seen[-1])
    return seen


def be_refused_as_another_role(chain: Chain) -> None:
    """The condition names a role, and this is another one of the account."""
    walk(chain, chain.aws.assume(f"{ROLE}2"))


def be_refused_without_the_binding(chain: Chain, keys: Keys) -> None:
    """The binding names the principal set of a sibling role. Puts the right one back."""
    chain.revoke(ACCOUNT_PATH, WORKLOAD_USER, MEMBER)
    chain.grant(ACCOUNT_PATH, WORKLOAD_USER, SIBLING)
    walk(chain, keys)
    chain.revoke(ACCOUNT_PATH, WORKLOAD_USER, SIBLING)
    chain.grant(ACCOUNT_PATH, WORKLOAD_USER, MEMBER)


def be_refused_at_the_table(chain: Chain, keys: Keys) -> None:
    """The service account may create jobs, and read another table than this."""
    walk(chain, keys, sql="SELECT user_id FROM {secrets}")


def _ask(chain: Chain, path: str, body: Any, *, token: str) -> requests.Response:
    return chain.google.call("POST", path, body, token=token)
