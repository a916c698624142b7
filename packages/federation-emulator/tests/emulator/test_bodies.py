"""Every body is read one way: by Google's list of its fields, each once, each of its type; a refusal changes nothing.

Sources: protobuf, "ProtoJSON Format"; the APIs' discovery documents.
"""

from __future__ import annotations

import copy
import http.client
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from federation_emulator.core.app import _ROUTES
from tests.emulator.bodies import PROJECT_PATH, requests_of
from tests.emulator.chain import ACCOUNT_PATH, BIGQUERY_PATH, GENERATE, MEMBER, POOL_PATH, PROVIDER_PATH, SCOPE, Chain
from tests.emulator.google_server import DEPLOYER_TOKEN, NUMBER, PROJECT, Google

_READS_NO_BODY = {"/bigquery/v2/projects/{project:name}/jobs/{job:name}/cancel"}
_PUBLIC = ("/v1/token", "/v1/introspect")
JUNK: list[Any] = [None, 1, -1.5, True, "", "x" * 5000, "\0", [], [1], [None], {}, {"a": {"b": [1]}}]
_FREE = {"json", "labels", "claims"}
"""What a client may name and fill as it likes."""

SET_POLICY = f"{ACCOUNT_PATH}:setIamPolicy"
QUERIES = f"{BIGQUERY_PATH}/queries"
REQUESTS = [(method, path) for method, path, _ in requests_of("DATASET")]


def bound(member: str) -> dict[str, Any]:
    return {"role": "roles/iam.workloadIdentityUser", "members": [member]}


def _good(chain: Chain, index: int) -> tuple[str, str, dict[str, Any]]:
    return requests_of(chain.dataset)[index]


def _sent(google: Google, method: str, path: str, body: str) -> Any:
    token = None if path in _PUBLIC else DEPLOYER_TOKEN
    headers = {"Content-Type": "application/json"}
    return google.call(method, path, token=token, headers=headers, data=body.encode("utf-8", "surrogatepass"))


def _places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where the parts of a body are, its whole included; not what a client may fill as it likes."""
    yield path
    if path and path[-1] in _FREE:
        return
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in parts:
        yield from _places(inner, (*path, key))


def _at(value: Any, path: tuple[str | int, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def _with(value: Any, path: tuple[str | int, ...], new: Any) -> Any:
    if not path:
        return new
    changed = copy.deepcopy(value)
    _at(changed, path[:-1])[path[-1]] = new
    return changed


def _check_refused(google: Google, method: str, path: str, body: str) -> None:
    before = google.done("GET", "/_local/resources")
    answer = _sent(google, method, path, body)
    assert answer.status_code in {400, 501}, (path, body[:300], answer.status_code, answer.text)
    assert google.done("GET", "/_local/resources") == before, (path, body)


def test_every_route_with_a_body_is_in_the_table() -> None:
    missing = [
        (method, path)
        for method, path, _ in _ROUTES
        if method in {"POST", "PUT", "PATCH"}
        and path not in _READS_NO_BODY
        and not any(
            sent == method and re.fullmatch(_pattern(path), where.partition("?")[0]) for sent, where in REQUESTS
        )
    ]
    assert not missing


def _pattern(path: str) -> str:
    return "[^/:]+".join(map(re.escape, re.split(r"\{[^}]*\}", path)))


@pytest.mark.parametrize("index", range(len(REQUESTS)), ids=lambda index: " ".join(REQUESTS[index]))
def test_an_unknown_or_doubled_field_and_a_wrong_type_are_refused_and_change_nothing(
    deployed: Chain, index: int
) -> None:
    method, path, good = _good(deployed, index)
    for place in _places(good):
        value = _at(good, place)
        if isinstance(value, dict) and (not place or place[-1] not in {*_FREE, "attributeMapping"}):
            _check_refused(deployed.google, method, path, json.dumps(_with(good, place, {**value, "noSuchField": 1})))
            for key, inner in value.items():
                mark = '"@"'
                doubled = f"{{{json.dumps(key)}: {json.dumps(inner)}, {json.dumps(value)[1:]}"
                body = json.dumps(_with(good, place, "@")).replace(mark, doubled)
                _check_refused(deployed.google, method, path, body)
        wrong: Any = 5.5 if isinstance(value, str | list | dict) else "no"
        _check_refused(deployed.google, method, path, json.dumps(_with(good, place, wrong)))


@pytest.mark.parametrize("index", range(len(REQUESTS)), ids=lambda index: " ".join(REQUESTS[index]))
def test_junk_in_any_field_is_the_clients_error_and_null_a_field_that_is_not_there(deployed: Chain, index: int) -> None:
    method, path, good = _good(deployed, index)
    for place in _places(good):
        before = deployed.google.done("GET", "/_local/resources")
        for junk in JUNK:
            answer = _sent(deployed.google, method, path, json.dumps(_with(good, place, junk)))
            assert answer.status_code < 500 or answer.status_code == 501, (place, junk, answer.text)
            assert answer.headers["content-type"] == "application/json"
            if junk is None and not answer.ok:
                assert deployed.google.done("GET", "/_local/resources") == before, place


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe{\x00}\x00",
        b"\xef\xbb\xbf{}",
        b'{"displayName": "\xff"}',
        b'{"displayName": "\\ud800"}',
        b'{"displayName": NaN}',
        b'{"displayName": Infinity}',
        b'{"displayName": 1e999}',
        b'{"displayName": ' + b"9" * 5000 + b"}",
        b'{"displayName": ' + b"[" * 20_000 + b"]" * 20_000 + b"}",
        b'{"inlineTrustConfig": ' * 200 + b"1" + b"}" * 200,
        b'{"displayName": "a"} {}',
        b"{'displayName': 'a'}",
        b'{"displayName": "a",}',
        b"[]",
        b'"a"',
        b"\x00",
    ],
    ids=lambda body: repr(body[:30]),
)
def test_what_is_no_strict_json_is_refused_by_every_api(deployed: Chain, body: bytes) -> None:
    dataset = f"/bigquery/v2/projects/local-keyless/datasets/{deployed.dataset}"
    for method, path in (
        ("POST", f"{POOL_PATH}:undelete"),
        ("PATCH", f"{POOL_PATH}?updateMask=displayName"),
        ("POST", SET_POLICY),
        ("POST", f"{PROJECT_PATH}/services:batchEnable"),
        ("PATCH", dataset),
        ("POST", f"{dataset}/tables"),
        ("POST", "/v1/token"),
        ("POST", "/_local/faults"),
    ):
        answer = deployed.google.call(method, path, data=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400, (path, answer.text)
        assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "body", [{}, {"policy": None}, {"policy": []}, {"policy": ""}, {"policy": 0}, {"policy": "{}"}]
)
def test_a_policy_that_is_none_takes_no_binding_away(deployed: Chain, body: dict[str, Any]) -> None:
    google = deployed.google
    for path in (PROJECT_PATH, ACCOUNT_PATH, f"{deployed.tables_path}/users"):
        before = google.done("POST", f"{path}:getIamPolicy")
        assert before["bindings"]
        assert google.call("POST", f"{path}:setIamPolicy", body).status_code == 400
        assert google.done("POST", f"{path}:getIamPolicy") == before


@pytest.mark.parametrize(
    "policy",
    [
        {"bindings": None},
        {"bindings": {}},
        {"bindings": [None]},
        {"bindings": [{"role": "roles/iam.workloadIdentityUser", "members": None}]},
        {"bindings": [{"role": "roles/iam.workloadIdentityUser", "members": [None]}]},
        {"bindings": [{"role": "roles/iam.workloadIdentityUser", "members": [MEMBER], "condition": None}]},
        {"bindings": [{"role": "roles/iam.workloadIdentityUser", "members": [MEMBER], "condition": {}}]},
    ],
)
def test_null_in_a_policy_neither_takes_away_nor_grants(deployed: Chain, policy: dict[str, Any]) -> None:
    before = deployed.google.done("POST", f"{ACCOUNT_PATH}:getIamPolicy")
    assert deployed.google.call("POST", SET_POLICY, {"policy": policy}).status_code == 400
    assert deployed.google.done("POST", f"{ACCOUNT_PATH}:getIamPolicy") == before


def test_a_field_is_taken_as_the_proto_file_has_it_and_an_integer_as_a_string(deployed: Chain) -> None:
    body = {"service_account": {"display_name": "a"}, "update_mask": "display_name"}
    assert deployed.google.done("PATCH", ACCOUNT_PATH, body)["displayName"] == "a"
    options = {"options": {"requested_policy_version": "3"}}
    assert deployed.google.done("POST", f"{PROJECT_PATH}:getIamPolicy", options)["bindings"]
    twice = {"service_account": {}, "serviceAccount": {}, "updateMask": "displayName"}
    assert "comes twice" in deployed.google.call("PATCH", ACCOUNT_PATH, twice).text


def test_an_unknown_field_is_refused_in_googles_words(deployed: Chain) -> None:
    body: Any = {"policy": {"bindings": [{"role": "roles/viewer", "member": "user:a@b.c"}]}}
    refused = deployed.google.call("POST", f"{PROJECT_PATH}:setIamPolicy", body).json()["error"]
    text = "Invalid JSON payload received. Unknown name \"member\" at 'policy.bindings[0]': Cannot find field."
    violation = {"field": "policy.bindings[0]", "description": text}
    details = [{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [violation]}]
    assert refused == {"code": 400, "message": text, "status": "INVALID_ARGUMENT", "details": details}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", f"{POOL_PATH}?updateMask=displayName&updateMask=disabled"),
        ("PATCH", f"{POOL_PATH}?updateMask=displayName&update_mask=disabled"),
        ("PATCH", f"{POOL_PATH}?updateMask=displayName&noSuchParameter=1"),
        ("GET", f"{POOL_PATH}?access_token=x"),
        ("GET", f"{PROVIDER_PATH}?showDeleted=true"),
        ("GET", f"{POOL_PATH}/providers?showDeleted=yes"),
        ("GET", f"{POOL_PATH}/providers?pageSize=-1"),
        ("GET", f"{POOL_PATH}/providers?pageSize=\u0663"),
        ("GET", f"{POOL_PATH}/providers?pageToken=\u0663"),
        ("GET", f"{PROJECT_PATH}/services?filter=state:ENABLED&filter=state:DISABLED"),
        ("DELETE", "/bigquery/v2/projects/local-keyless/datasets/DATASET?deleteContents=1"),
        ("DELETE", "/bigquery/v2/projects/local-keyless/datasets/DATASET?deletecontents=true"),
        ("GET", "/bigquery/v2/projects/local-keyless/datasets?maxResults=\u0661\u0660"),
        ("GET", "/bigquery/v2/projects/local-keyless/datasets/DATASET/tables/users?view=ALL"),
        ("GET", "/bigquery/v2/projects/local-keyless/datasets/DATASET/tables/users/data?startIndex=\u0661"),
        ("GET", "/bigquery/v2/projects/local-keyless/datasets/DATASET/tables/users/data?maxResults=1&maxResults=2"),
    ],
)
def test_a_query_parameter_that_is_unknown_doubled_or_of_another_type_is_refused(
    deployed: Chain, method: str, path: str
) -> None:
    before = deployed.google.done("GET", "/_local/resources")
    body: Any = {} if method == "PATCH" else None
    answer = deployed.google.call(method, path.replace("DATASET", deployed.dataset), body)
    assert answer.status_code == 400, answer.text
    assert deployed.google.done("GET", "/_local/resources") == before


def test_two_authorization_headers_are_none(deployed: Chain) -> None:
    connection = http.client.HTTPConnection(deployed.google.url.removeprefix("http://"), timeout=20)
    connection.putrequest("GET", POOL_PATH)
    for _ in range(2):
        connection.putheader("Authorization", f"Bearer {DEPLOYER_TOKEN}")
    connection.endheaders()
    assert connection.getresponse().status == 401
    connection.close()


DIGITS = "\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669\u0660\u0661\u0662"
"""Twelve Arabic digits: Python's ``\\d`` and ``int`` take them."""


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", GENERATE, {"scope": [SCOPE], "lifetime": "\u0663\u0660\u0660s"}),
        ("POST", GENERATE, {"scope": [SCOPE], "lifetime": "300s\n"}),
        ("POST", GENERATE, {"scope": [SCOPE], "lifetime": "1_0s"}),
        ("POST", GENERATE, {"scope": [SCOPE], "lifetime": "+1s"}),
        ("POST", GENERATE, {"scope": [SCOPE.replace("s", "\u017f", 1)]}),
        ("PATCH", f"{PROVIDER_PATH}?updateMask=aws", {"aws": {"accountId": DIGITS}}),
        ("PATCH", f"{PROVIDER_PATH}?updateMask=aws", {"aws": {"accountId": "123456789012\n"}}),
        ("POST", f"{POOL_PATH}/providers?workloadIdentityPoolProviderId={DIGITS}", {"aws": {"accountId": "1" * 12}}),
        ("POST", f"{PROJECT_PATH}/serviceAccounts", {"accountId": "abcde\u0663"}),
        ("POST", f"{PROJECT_PATH}/serviceAccounts", {"accountId": "abcdef\u212a"}),
        ("POST", SET_POLICY, {"policy": {"version": "\u0663"}}),
        ("POST", SET_POLICY, {"policy": {"bindings": [bound(MEMBER.replace(NUMBER, DIGITS))]}}),
        ("POST", SET_POLICY, {"policy": {"bindings": [bound(f"deleted:serviceAccount:a@b.c?uid={DIGITS}")]}}),
        ("POST", SET_POLICY, {"policy": {"bindings": [bound("user:\u017fomebody@b.c")]}}),
        ("POST", QUERIES, {"query": "SELECT 1", "useLegacySql": False, "maximumBytesBilled": DIGITS}),
        ("POST", QUERIES, {"query": "SELECT 1", "useLegacySql": False, "maxResults": DIGITS}),
        ("POST", QUERIES, {"query": "SELECT 1", "useLegacySql": "false"}),
        ("POST", QUERIES, {"query": "SELECT 1", "useLegacySql": False, "timeoutMs": "1_000"}),
        ("POST", "/_local/clock", {"advanceSeconds": "\u0661"}),
    ],
    ids=repr,
)
def test_what_is_written_in_ascii_is_read_in_ascii(deployed: Chain, method: str, path: str, body: Any) -> None:
    before = deployed.google.done("GET", "/_local/resources")
    answer = deployed.google.call(method, path, body)
    assert answer.status_code == 400, answer.text
    assert deployed.google.done("GET", "/_local/resources") == before


def test_a_letter_that_folds_into_ascii_names_another_account(deployed: Chain) -> None:
    deployed.google.call("POST", f"{PROJECT_PATH}/serviceAccounts", {"accountId": "keeper"})
    accounts = f"{PROJECT_PATH}/serviceAccounts"
    assert deployed.google.call("GET", f"{accounts}/KEEPER@{PROJECT}.iam.gserviceaccount.com").ok
    folded = deployed.google.call("GET", f"{accounts}/\u212aeeper@{PROJECT}.iam.gserviceaccount.com")
    assert folded.status_code == 404
