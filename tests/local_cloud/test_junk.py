"""Junk in any field of any request is the client's error, never ours: nothing a client sends gives 500."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from tests.local_cloud.chain import (
    ACCOUNT,
    ACCOUNT_PATH,
    BIGQUERY_PATH,
    MAPPING,
    MEMBER,
    POOL_PATH,
    POOLS_PATH,
    PROVIDER_PATH,
    READER,
    SCOPE,
    Chain,
)
from tests.local_cloud.google_server import PROJECT

JUNK: list[Any] = [None, 1, -1.5, True, "", "x" * 5000, "\u0000", [], [1], [None], {}, {"a": {"b": [1]}}]
PROJECT_PATH = f"/v1/projects/{PROJECT}"
POLICY = {"policy": {"bindings": [{"role": "roles/iam.workloadIdentityUser", "members": [MEMBER]}], "etag": "AAAA"}}
FIELD = {"name": "extra", "type": "STRING", "mode": "NULLABLE"}
QUERY = {"query": "SELECT 1", "useLegacySql": False, "maxResults": 10, "queryParameters": [], "location": "US"}


def requests_of(dataset: str) -> list[tuple[str, str, dict[str, Any]]]:
    """One good request for each route with a body."""
    tables = f"{BIGQUERY_PATH}/datasets/{dataset}/tables"
    reference = {"projectId": PROJECT, "datasetId": dataset, "tableId": "users"}
    token = {"grantType": "x", "audience": "x", "scope": "x", "subjectToken": "x", "subjectTokenType": "x"}
    provider = {"aws": {"accountId": ACCOUNT}, "attributeMapping": MAPPING, "attributeCondition": "true"}
    access = [{"role": "READER", "userByEmail": "a@b.c"}]
    table = {"tableReference": reference, "schema": {"fields": [FIELD]}, "labels": {"a": "b"}, "description": "d"}
    return [
        ("POST", "/v1/token", token),
        ("POST", f"/v1/projects/-/serviceAccounts/{READER}:generateAccessToken", {"scope": [SCOPE], "lifetime": "1s"}),
        ("POST", f"{PROJECT_PATH}:setIamPolicy", POLICY),
        ("POST", f"{PROJECT_PATH}/services:batchEnable", {"serviceIds": ["sts.googleapis.com"]}),
        ("POST", f"{POOLS_PATH}?workloadIdentityPoolId=other", {"displayName": "a", "disabled": True, "mode": ""}),
        ("PATCH", f"{POOL_PATH}?updateMask=displayName,disabled,mode", {"displayName": "a", "disabled": False}),
        ("POST", f"{POOL_PATH}/providers?workloadIdentityPoolProviderId=other", provider),
        ("PATCH", f"{PROVIDER_PATH}?updateMask=aws,attributeMapping,attributeCondition", provider),
        ("POST", f"{PROJECT_PATH}/serviceAccounts", {"accountId": "another", "serviceAccount": {"displayName": "a"}}),
        ("PATCH", ACCOUNT_PATH, {"serviceAccount": {"displayName": "a"}, "updateMask": "display_name"}),
        ("POST", f"{ACCOUNT_PATH}:setIamPolicy", POLICY),
        ("POST", f"{BIGQUERY_PATH}/datasets", {"datasetReference": {"datasetId": dataset}, "access": access}),
        ("PATCH", f"{BIGQUERY_PATH}/datasets/{dataset}", {"access": access, "labels": {}, "description": "d"}),
        ("PUT", f"{BIGQUERY_PATH}/datasets/{dataset}", {"access": access, "labels": {}, "description": "d"}),
        ("POST", tables, {**table, "view": {"query": "SELECT 1", "useLegacySql": False}}),
        ("PUT", f"{tables}/users", table),
        ("PATCH", f"{tables}/users", table),
        ("POST", f"{tables}/users:setIamPolicy", POLICY),
        ("POST", f"{tables}/users/insertAll", {"rows": [{"insertId": "1", "json": {"user_id": 1, "name": "a"}}]}),
        ("POST", f"{BIGQUERY_PATH}/queries", QUERY),
        ("POST", f"{BIGQUERY_PATH}/jobs", {"jobReference": {"jobId": "a"}, "configuration": {"query": QUERY}}),
    ]


def variations(value: Any) -> Iterator[Any]:
    """The value with each of its parts in turn replaced by junk."""
    yield from copy.deepcopy(JUNK)
    if isinstance(value, dict):
        for key in value:
            for other in variations(value[key]):
                yield {**value, key: other}
    elif isinstance(value, list) and value:
        for other in variations(value[0]):
            yield [other, *value[1:]]


@pytest.mark.parametrize("index", range(len(requests_of("ds"))))
def test_junk_in_any_field_is_the_clients_error(chain: Chain, index: int) -> None:
    method, path, good = requests_of(chain.dataset)[index]
    sent = 0
    for body in variations(good):
        answer = chain.google.call(
            method, path, body, token=None if path == "/v1/token" else "deployer-token-of-the-tests"
        )
        assert answer.status_code != 500, (method, path, body, answer.text)
        assert answer.status_code < 500 or answer.status_code == 501, (method, path, body, answer.text)
        assert answer.headers["content-type"] == "application/json"
        sent += 1
    assert sent > len(JUNK)
