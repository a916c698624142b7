"""The strings that must agree come from one value, and each bad name is refused before it is built into one."""

from __future__ import annotations

import dataclasses
import json

import pytest

from keyless_bigquery.trust.subject_tokens import AwsOidc
from keyless_bigquery.trust.trust import (
    GoogleEndpoints,
    ProviderName,
    TrustChain,
    TrustError,
    attribute_condition,
    attribute_mapping,
    audience,
    check_project_number,
)

POOL = "projects/123456789012/locations/global/workloadIdentityPools/bq-dev-a1b2"
PROVIDER = f"{POOL}/providers/aws-lambda"
TRUST = TrustChain(aws_account_id="210987654321", role_name="Reader-Dev", function_name="reader")


def test_the_binding_names_the_role_of_this_account_and_keeps_its_case() -> None:
    assert TRUST.principal_set(POOL) == (
        f"principalSet://iam.googleapis.com/{POOL}/attribute.aws_role/arn:aws:sts::210987654321:assumed-role/Reader-Dev"
    )


def test_the_condition_starts_at_the_beginning_of_the_arn_and_ends_with_the_slash_after_the_role() -> None:
    assert attribute_condition([TRUST]) == (
        "assertion.account == '210987654321'"
        " && assertion.arn.startsWith('arn:aws:sts::210987654321:assumed-role/Reader-Dev/')"
    )


def test_several_roles_are_each_named_in_brackets_beside_the_one_account() -> None:
    other = dataclasses.replace(TRUST, role_name="Other")
    assert attribute_condition([TRUST, other]) == (
        "assertion.account == '210987654321'"
        " && (assertion.arn.startsWith('arn:aws:sts::210987654321:assumed-role/Reader-Dev/')"
        " || assertion.arn.startsWith('arn:aws:sts::210987654321:assumed-role/Other/'))"
    )


def test_a_condition_of_no_role_or_of_two_accounts_is_refused() -> None:
    for chains in ([], [TRUST, dataclasses.replace(TRUST, aws_account_id="111111111111")]):
        with pytest.raises(TrustError, match="exactly one"):
            attribute_condition(chains)


def test_a_providers_name_is_taken_apart_and_tells_its_pool() -> None:
    name = ProviderName.parse(PROVIDER)
    assert (name.project_number, name.provider_id, name.pool_name) == ("123456789012", "aws-lambda", POOL)


def test_the_mapping_gives_the_attribute_that_the_binding_names() -> None:
    attribute = TRUST.principal_set(POOL).split("/attribute.")[1].split("/")[0]
    assert f"attribute.{attribute}" in attribute_mapping()


def test_the_mapping_is_complete_since_google_adds_no_default_to_a_partial_one() -> None:
    assert attribute_mapping()["google.subject"] == "assertion.arn"


def test_another_role_changes_condition_and_binding_together() -> None:
    other = dataclasses.replace(TRUST, role_name="Other")
    assert attribute_condition([other]) != attribute_condition([TRUST])
    assert other.principal_set(POOL) != TRUST.principal_set(POOL)


@pytest.mark.parametrize(
    "pool_name",
    [
        "bq-dev-a1b2",
        "projects/my-project/locations/global/workloadIdentityPools/bq-dev-a1b2",
        f"{POOL}/*",
        f"{POOL}\n",
        PROVIDER,
    ],
)
def test_a_principal_is_made_from_a_pools_full_name_with_the_project_number_only(pool_name: str) -> None:
    with pytest.raises(TrustError, match="full resource name"):
        TRUST.principal_set(pool_name)


@pytest.mark.parametrize("provider_name", [POOL, "aws-lambda", PROVIDER.replace("123456789012", "my-project")])
def test_an_audience_is_made_from_a_providers_full_name_with_the_project_number_only(provider_name: str) -> None:
    with pytest.raises(TrustError, match="number, not its id"):
        audience(provider_name)


def test_the_credential_configuration_is_what_gcloud_writes_key_for_key() -> None:
    written = TRUST.credential_configuration(
        provider_name=PROVIDER, service_account_email="bq-reader-dev@my-project.iam.gserviceaccount.com"
    )
    assert json.loads(written) == {
        "universe_domain": "googleapis.com",
        "type": "external_account",
        "audience": f"//iam.googleapis.com/{PROVIDER}",
        "subject_token_type": "urn:ietf:params:aws:token-type:aws4_request",
        "token_url": "https://sts.googleapis.com/v1/token",
        "credential_source": {
            "environment_id": "aws1",
            "region_url": "http://169.254.169.254/latest/meta-data/placement/availability-zone",
            "url": "http://169.254.169.254/latest/meta-data/iam/security-credentials",
            "regional_cred_verification_url": (
                "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15"
            ),
        },
        "service_account_impersonation_url": (
            "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/"
            "bq-reader-dev@my-project.iam.gserviceaccount.com:generateAccessToken"
        ),
    }
    assert list(json.loads(written))[:3] == ["universe_domain", "type", "audience"]


def test_a_local_endpoint_moves_the_two_google_addresses_and_not_the_signed_one() -> None:
    local = dataclasses.replace(
        TRUST, endpoints=GoogleEndpoints(universe_domain="local.invalid", base_url="http://127.0.0.1:8080")
    )
    written = json.loads(local.credential_configuration(provider_name=PROVIDER, service_account_email="a@b"))
    assert written["token_url"] == "http://127.0.0.1:8080/v1/token"
    assert written["service_account_impersonation_url"].startswith("http://127.0.0.1:8080/v1/projects/-/")
    assert written["credential_source"]["regional_cred_verification_url"].startswith(
        "https://sts.{region}.amazonaws.com?"
    )
    assert written["universe_domain"] == "local.invalid"


def test_without_a_service_account_the_configuration_is_gclouds_own_for_direct_access() -> None:
    direct = json.loads(TRUST.credential_configuration(provider_name=PROVIDER, service_account_email=None))
    assert "service_account_impersonation_url" not in direct
    assert direct["token_info_url"] == "https://sts.googleapis.com/v1/introspect"
    assert list(direct)[-1] == "token_info_url"


def test_private_service_connect_gives_each_api_a_host_of_its_own() -> None:
    private = GoogleEndpoints(base_url="https://{service}-mine.p.googleapis.com")
    assert private.url("sts", "/v1/token") == "https://sts-mine.p.googleapis.com/v1/token"
    assert private.url("bigquery", "") == "https://bigquery-mine.p.googleapis.com"


def test_the_pools_project_number_is_accepted_when_it_is_the_one_in_the_settings() -> None:
    assert check_project_number(POOL, "123456789012") == POOL
    assert check_project_number(POOL, None) == POOL


def test_a_pool_in_another_project_than_the_settings_say_is_refused() -> None:
    with pytest.raises(TrustError, match=r"123456789012.*googleProjectNumber says 999"):
        check_project_number(POOL, "999")


ISSUER = "https://0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0.tokens.sts.global.api.aws"
BY_TOKEN = dataclasses.replace(TRUST, subject_token=AwsOidc(ISSUER))


def test_where_aws_signs_the_token_each_string_names_the_role_itself() -> None:
    role = "arn:aws:iam::210987654321:role/Reader-Dev"
    assert BY_TOKEN.role_arn == BY_TOKEN.caller_arn == role
    assert attribute_mapping(BY_TOKEN.subject_token) == {
        "google.subject": "assertion.sub",
        "attribute.aws_role": "assertion.sub",
    }
    assert attribute_condition([BY_TOKEN]) == f"assertion.sub == '{role}'"
    other = dataclasses.replace(BY_TOKEN, role_name="Other")
    assert attribute_condition([BY_TOKEN, other]) == (
        f"assertion.sub == '{role}' || assertion.sub == 'arn:aws:iam::210987654321:role/Other'"
    )
    assert BY_TOKEN.principal_set("projects/1/locations/global/workloadIdentityPools/pool") == (
        f"principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/attribute.aws_role/{role}"
    )


def test_where_aws_signs_the_token_the_configuration_says_how_and_has_no_source() -> None:
    name = "projects/1/locations/global/workloadIdentityPools/pool/providers/aws-lambda-oidc"
    signed, token = (
        json.loads(
            trust.credential_configuration(provider_name=name, service_account_email="a@p.iam.gserviceaccount.com")
        )
        for trust in (TRUST, BY_TOKEN)
    )
    del signed["credential_source"]
    assert token == {**signed, "subject_token_type": "urn:ietf:params:oauth:token-type:jwt"}
