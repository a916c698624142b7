"""The exchange with the real google-auth: who gets a federated token, and who is refused at which link."""

from __future__ import annotations

import pytest
from google.auth.exceptions import OAuthError, RefreshError

from federation_emulator.core.trace import Link, Part
from tests.emulator.chain import (
    ACCOUNT,
    ACCOUNT_PATH,
    FUNCTION,
    MAPPING,
    POOL_NAME,
    PROVIDER_PATH,
    ROLE,
    Chain,
    Keys,
    LocalAccount,
    deploy,
    token_of,
)
from tests.emulator.conftest import set_environment
from tests.emulator.google_server import serving
from tests.emulator.signing import document, exchange, form

GROUPED = {"google.subject": "assertion.arn", "google.groups": "assertion.arn.split('/')"}
CONDITION_TEXT = "The given credential is rejected by the attribute condition."
TARGET_TEXT = 'The target service indicated by the "audience" parameters is invalid.'


def refresh(chain: Chain, **changes: str) -> None:
    """Let google-auth make the exchange, and the exchange alone."""
    assert token_of(chain.direct_credentials(**changes))


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
