"""One good request for each route that takes a body."""

from __future__ import annotations

from typing import Any

from tests.emulator.chain import (
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
)
from tests.emulator.google_server import PROJECT

PROJECT_PATH = f"/v1/projects/{PROJECT}"
BINDING = {"role": "roles/iam.workloadIdentityUser", "members": [MEMBER]}
POLICY = {"policy": {"bindings": [BINDING], "etag": "AAAA"}}
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
    condition = {"title": "t", "expression": "true", "description": "d"}
    conditional = {"policy": {"bindings": [{**BINDING, "condition": condition}], "version": 3}}
    constraint = "constraints/iam.workloadIdentityPoolProviders"
    organisation = {"policy": {"constraint": constraint, "listPolicy": {"allValues": "ALLOW"}}}
    options = {"options": {"requestedPolicyVersion": 3}}
    services, service = f"{PROJECT_PATH}/services", "monitoring.googleapis.com"
    return [
        ("POST", "/v1/token", token),
        ("POST", "/v1/introspect", {"token": "x", "tokenTypeHint": ""}),
        ("POST", "/_local/clock", {"advanceSeconds": 0}),
        ("POST", "/_local/faults", {}),
        ("POST", "/_local/issuer", {"claims": {"iss": "https://issuer.example.com", "sub": "x"}}),
        ("POST", f"{PROJECT_PATH}:getIamPolicy", options),
        ("POST", f"{PROJECT_PATH}:getOrgPolicy", {"constraint": constraint}),
        ("POST", f"{PROJECT_PATH}:getEffectiveOrgPolicy", {"constraint": constraint}),
        ("POST", f"{PROJECT_PATH}:setOrgPolicy", organisation),
        ("POST", f"{PROJECT_PATH}:clearOrgPolicy", {"constraint": constraint}),
        ("POST", f"{services}/{service}:enable", {}),
        ("POST", f"{services}/{service}:disable", {"checkIfServiceHasUsage": "SKIP", "disableDependentServices": True}),
        ("POST", f"{services.replace('/v1/', '/v1beta1/')}:batchEnable", {"serviceIds": ["sts.googleapis.com"]}),
        ("POST", f"{services.replace('/v1/', '/v1beta1/')}/{service}:enable", {}),
        ("POST", f"{services.replace('/v1/', '/v1beta1/')}/{service}:disable", {"checkIfServiceHasUsage": "SKIP"}),
        ("POST", f"{POOL_PATH}:undelete", {}),
        ("POST", f"{PROVIDER_PATH}:undelete", {}),
        ("POST", f"{ACCOUNT_PATH}:disable", {}),
        ("POST", f"{ACCOUNT_PATH}:enable", {}),
        ("POST", f"{ACCOUNT_PATH}:undelete", {}),
        ("POST", f"{ACCOUNT_PATH}/keys", {}),
        ("POST", f"{ACCOUNT_PATH}/keys:upload", {"publicKeyData": "bm8gY2VydGlmaWNhdGU="}),
        ("POST", f"{ACCOUNT_PATH}/keys/{'0' * 40}:disable", {}),
        ("POST", f"{ACCOUNT_PATH}/keys/{'0' * 40}:enable", {}),
        ("POST", f"{ACCOUNT_PATH}:getIamPolicy", options),
        ("POST", f"{tables}/users:getIamPolicy", options),
        ("POST", f"{ACCOUNT_PATH}:setIamPolicy", conditional),
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
