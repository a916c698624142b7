"""The exchange with the real google-auth: who gets a federated token, and who is refused at which link."""

from __future__ import annotations

import pytest
from google.auth.exceptions import OAuthError, RefreshError

from local_cloud.trace import Link, Part, Refusal
from tests.local_cloud.chain import (
    ACCOUNT,
    ACCOUNT_PATH,
    AUDIENCE,
    FUNCTION,
    MAPPING,
    OTHER_ACCOUNT,
    POOL_NAME,
    POOL_PATH,
    PROVIDER_PATH,
    ROLE,
    Chain,
    Keys,
    LocalAccount,
    deploy,
    token_of,
)
from tests.local_cloud.conftest import set_environment
from tests.local_cloud.google_server import NUMBER, PROJECT, serving
from tests.local_cloud.signing import document, exchange, form

GROUPED = {"google.subject": "assertion.arn", "google.groups": "assertion.arn.split('/')"}
CONDITION_TEXT = "The given credential is rejected by the attribute condition."
TARGET_TEXT = 'The target service indicated by the "audience" parameters is invalid.'


def refresh(chain: Chain, **changes: str) -> None:
    """Let google-auth make the exchange, and the exchange alone."""
    assert token_of(chain.direct_credentials(**changes))


def refusal(chain: Chain) -> Refusal:
    decision = chain.google.last_refusal()
    assert decision.link is Link.TOKEN_EXCHANGE
    assert decision.refusal is not None
    return decision.refusal


def test_the_trusted_role_gets_a_federated_token(chain: Chain, as_function: Keys) -> None:
    refresh(chain)
    decision = chain.google.decisions()[-1]
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}/{FUNCTION}"
    assert decision.allowed
    assert decision.principal == f"principal://iam.googleapis.com/{POOL_NAME}/subject/{arn}"
    seen = {step.part: step.actual for step in decision.steps}
    assert seen[Part.CALLER] == arn
    assert f"attribute.aws_role=arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}" in seen[Part.ATTRIBUTES]
    text = str(chain.google.done("GET", "/_local/decisions"))
    assert as_function.secret not in text
    assert as_function.token not in text


def test_json_and_camel_case_are_accepted_as_googles_reference_has_them(chain: Chain, role_keys: Keys) -> None:
    fields = form(document(role_keys))
    names = {"grant_type": "grantType", "requested_token_type": "requestedTokenType"}
    names |= {"subject_token_type": "subjectTokenType", "subject_token": "subjectToken"}
    body = {names.get(name, name): value for name, value in fields.items()}
    answer = chain.google.call("POST", "/v1/token", body, token=None)
    assert answer.status_code == 200
    assert (answer.json()["token_type"], answer.json()["expires_in"]) == ("Bearer", 3600)


@pytest.mark.parametrize("role", ["Other-Role", f"{ROLE}2", f"{ROLE}-x", ROLE.lower()])
def test_a_role_that_is_not_exactly_the_trusted_one_is_refused(
    chain: Chain, aws: LocalAccount, monkeypatch: pytest.MonkeyPatch, role: str
) -> None:
    set_environment(monkeypatch, aws.assume(role))
    with pytest.raises(OAuthError, match=CONDITION_TEXT):
        refresh(chain)
    assert refusal(chain).part is Part.CONDITION
    assert f"assumed-role/{role}/" in refusal(chain).actual


def test_the_same_role_name_in_another_account_is_refused(
    chain: Chain, aws_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_environment(monkeypatch, LocalAccount(aws_url, OTHER_ACCOUNT).assume(ROLE))
    with pytest.raises(OAuthError, match=r"is not the account of the provider"):
        refresh(chain)
    assert (refusal(chain).part, refusal(chain).expected) == (Part.CALLER, f"account {ACCOUNT}")


@pytest.mark.parametrize("path", ["/", f"/assumed-role/{ROLE}/"])
def test_an_iam_user_is_refused_even_with_a_path_that_looks_like_the_role(
    chain: Chain, aws: LocalAccount, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    set_environment(monkeypatch, aws.user(path=path))
    with pytest.raises(OAuthError, match=CONDITION_TEXT):
        refresh(chain)
    assert refusal(chain).part is Part.CONDITION


def test_a_path_spoofing_user_passes_the_bare_name_mapping_but_not_the_arn_shaped_one(
    chain: Chain, aws: LocalAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_environment(monkeypatch, aws.user(path=f"/assumed-role/{ROLE}/"))
    bare = {**MAPPING, "attribute.aws_role": "assertion.arn.extract('assumed-role/{role_name}/')"}
    for mapping, role in ((bare, ROLE), (MAPPING, f"arn:aws:iam::{ACCOUNT}:user/assumed-role/{ROLE}")):
        chain.google.done(
            "PATCH", f"{PROVIDER_PATH}?updateMask=attributeMapping,attributeCondition", {"attributeMapping": mapping}
        )
        refresh(chain)
        seen = {step.part: step.actual for step in chain.google.decisions()[-1].steps}
        assert f"attribute.aws_role={role}" in seen[Part.ATTRIBUTES]


def test_a_project_id_in_the_audience_is_refused(chain: Chain, as_function: Keys) -> None:
    assert as_function.token
    with pytest.raises(OAuthError, match=TARGET_TEXT):
        refresh(chain, audience=AUDIENCE.replace(NUMBER, PROJECT))
    assert "number" in refusal(chain).fix


@pytest.mark.parametrize("audience", [f"https:{AUDIENCE}", AUDIENCE.rpartition("/providers/")[0], "x", f"{AUDIENCE}/"])
def test_a_malformed_audience_is_refused(chain: Chain, role_keys: Keys, audience: str) -> None:
    answer = exchange(chain.google, document(role_keys), audience=audience)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert answer.json()["error_description"].startswith('Invalid value for "audience".')


@pytest.mark.parametrize("path", [POOL_PATH, PROVIDER_PATH])
def test_a_disabled_or_deleted_pool_or_provider_vouches_for_nobody(chain: Chain, as_function: Keys, path: str) -> None:
    assert as_function.token
    chain.google.done("PATCH", f"{path}?updateMask=disabled", {"disabled": True})
    with pytest.raises(OAuthError, match=TARGET_TEXT):
        refresh(chain)
    chain.google.done("PATCH", f"{path}?updateMask=disabled", {})
    refresh(chain)
    chain.google.done("DELETE", path)
    with pytest.raises(OAuthError, match=TARGET_TEXT):
        refresh(chain)
    chain.google.done("POST", f"{path}:undelete", {})
    if path == POOL_PATH:
        chain.google.done("POST", f"{PROVIDER_PATH}:undelete", {})
    refresh(chain)


def test_a_disabled_api_is_named_in_googles_envelope(chain: Chain, role_keys: Keys) -> None:
    chain.google.done("POST", f"/v1/projects/{PROJECT}/services/sts.googleapis.com:disable", {})
    answer = exchange(chain.google, document(role_keys))
    assert answer.status_code == 403
    error = answer.json()["error"]
    assert error["message"].startswith("Security Token Service API has not been used in project")
    assert error["details"][1]["reason"] == "SERVICE_DISABLED"


@pytest.mark.parametrize(
    ("changes", "error", "description"),
    [
        ({"scope": ""}, "invalid_request", "Scope(s) must be provided."),
        (
            {"requested_token_type": "urn:ietf:params:oauth:token-type:jwt"},
            "invalid_request",
            "Invalid value of requested_token_type in request.",
        ),
        ({"grant_type": "password"}, "unsupported_grant_type", "Invalid value of grant_type in request."),
        ({"subject_token_type": "x"}, "invalid_request", "Invalid value of subject_token_type in request."),
        ({"options": "%7B%22userProject%22%3A%22a%22%7D"}, "invalid_request", "Invalid value of options in request."),
        ({"subject_token": ""}, "invalid_request", "Missing required parameter: subject_token"),
    ],
)
def test_a_wrong_field_is_refused(
    chain: Chain, role_keys: Keys, changes: dict[str, str], error: str, description: str
) -> None:
    answer = exchange(chain.google, document(role_keys), **changes)
    assert answer.json() == {"error": error, "error_description": description}
    assert answer.status_code == 400


def test_an_authorization_header_on_the_exchange_is_refused(chain: Chain, role_keys: Keys) -> None:
    fields = form(document(role_keys))
    with_header = chain.google.session.post(
        f"{chain.google.url}/v1/token", data=fields, headers={"Authorization": "Bearer x"}, timeout=20
    )
    assert with_header.status_code == 400
    assert exchange(chain.google, document(role_keys)).status_code == 200


def test_a_subject_of_127_bytes_passes_and_one_of_128_does_not(
    chain: Chain, aws: LocalAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    fixed = len(f"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}/")
    set_environment(monkeypatch, aws.assume(ROLE, session="s" * (64)))
    padding = 127 - fixed - 64
    for extra, fits in ((padding, True), (padding + 1, False)):
        mapping = {**MAPPING, "google.subject": f"assertion.arn + '{'x' * extra}'"}
        chain.google.done("PATCH", f"{PROVIDER_PATH}?updateMask=attributeMapping", {"attributeMapping": mapping})
        if fits:
            refresh(chain)
        else:
            with pytest.raises(OAuthError, match=r"exceeds the 127 bytes limit"):
                refresh(chain)


def test_a_mapping_that_reads_a_claim_aws_does_not_give_is_refused(chain: Chain, as_function: Keys) -> None:
    assert as_function.token
    mapping = {**MAPPING, "google.subject": "assertion.sub"}
    chain.google.done("PATCH", f"{PROVIDER_PATH}?updateMask=attributeMapping", {"attributeMapping": mapping})
    with pytest.raises(OAuthError, match=r"Could not obtain a value for google.subject"):
        refresh(chain)


def test_a_provider_without_a_mapping_uses_googles_default(chain: Chain, as_function: Keys) -> None:
    assert as_function.token
    chain.google.done("PATCH", f"{PROVIDER_PATH}?updateMask=attributeMapping", {})
    refresh(chain)
    seen = {step.part: step.actual for step in chain.google.decisions()[-1].steps}
    assert f"attribute.aws_role=arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}" in seen[Part.ATTRIBUTES]


def test_aws_that_cannot_be_asked_is_unavailable_not_trusted(bigquery_url: str, role_keys: Keys) -> None:
    with serving(aws_url="http://127.0.0.1:9", bigquery_url=bigquery_url) as google:
        deploy(google, LocalAccount("http://127.0.0.1:9"))
        answer = exchange(google, document(role_keys))
        assert (answer.status_code, answer.json()["error"]) == (503, "server_error")


def test_a_mapped_group_counts_in_condition_and_binding_and_another_does_not(chain: Chain, as_function: Keys) -> None:
    assert as_function.token
    for group, condition, right in (
        (ROLE, f"'{ROLE}' in google.groups", True),
        ("Other-Role", f"'{ROLE}' in google.groups", False),
        (ROLE, f"'{ROLE}x' in google.groups", None),
    ):
        provider = {"attributeMapping": {**GROUPED}, "attributeCondition": condition}
        chain.google.done("PATCH", f"{PROVIDER_PATH}?updateMask=attributeMapping,attributeCondition", provider)
        member = f"principalSet://iam.googleapis.com/{POOL_NAME}/group/{group}"
        binding = {"role": "roles/iam.workloadIdentityUser", "members": [member]}
        chain.google.done("POST", f"{ACCOUNT_PATH}:setIamPolicy", {"policy": {"bindings": [binding]}})
        if right:
            assert token_of(chain.credentials())
        else:
            with pytest.raises((OAuthError, RefreshError)):
                token_of(chain.credentials())
            refused = chain.google.last_refusal()
            assert refused.refusal is not None
            assert refused.link is (Link.TOKEN_EXCHANGE if right is None else Link.IMPERSONATION)
            assert right is None or f"group {group}" in refused.refusal.actual + refused.refusal.expected


@pytest.mark.parametrize("groups", ["assertion.arn", "[1]", "assertion.arn.split('/')[0]", "[['a']]"])
def test_groups_that_are_no_list_of_strings_are_refused(chain: Chain, role_keys: Keys, groups: str) -> None:
    provider = {"attributeMapping": {**GROUPED, "google.groups": groups}}
    chain.google.done("PATCH", f"{PROVIDER_PATH}?updateMask=attributeMapping", provider)
    answer = exchange(chain.google, document(role_keys))
    assert answer.json()["error_description"].startswith("Could not obtain a value for google.groups")
