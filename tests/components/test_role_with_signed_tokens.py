"""A role that exists, whose subject token is one that AWS signs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.components.test_federated_role import GOOD, PROVIDER, ROLE, made, refusal

ISSUER = "https://0b1f2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d.tokens.sts.global.api.aws"
SIGNED: Any = {**GOOD, "subject_token": "aws-oidc", "aws_token_issuer": ISSUER}


def test_the_provider_takes_the_issuers_tokens_whose_subject_is_exactly_the_role() -> None:
    provider = made(SIGNED).only(PROVIDER).inputs
    assert provider["oidc"] == {"issuerUri": ISSUER}
    assert "aws" not in provider
    assert provider["attributeCondition"] == f"assertion.sub == '{ROLE}'"
    assert provider["attributeMapping"] == {"google.subject": "assertion.sub", "attribute.aws_role": "assertion.sub"}
    assert (
        provider["workloadIdentityPoolProviderId"] != made(GOOD).only(PROVIDER).inputs["workloadIdentityPoolProviderId"]
    )


def test_the_binding_names_the_role_itself() -> None:
    (binding,) = made(SIGNED).of_type("gcp:serviceaccount/iAMMember:IAMMember")
    assert binding.inputs["member"].endswith(f"/attribute.aws_role/{ROLE}")


@pytest.mark.parametrize(
    ("changed", "key", "rule"),
    [
        ({"aws_token_issuer": None}, "aws_token_issuer is not set", "get-outbound-web-identity-federation-info"),
        ({"subject_token": None}, "aws_token_issuer", "with subject_token=aws-signature there is none"),
        ({"subject_token": "aws"}, "subject_token is 'aws'", "aws-oidc"),
        ({"aws_token_issuer": f"{ISSUER}/"}, "aws_token_issuer", "tokens.sts.global.api.aws"),
        ({"aws_token_issuer": ISSUER.replace("https", "http")}, "aws_token_issuer", "tokens.sts.global.api.aws"),
        ({"role_arn": "arn:aws:iam::210987654321:role/service-role/Reader"}, "role_arn", "for a role with a path"),
    ],
)
def test_an_issuer_and_a_role_that_do_not_fit_are_refused(changed: Any, key: str, rule: str) -> None:
    error = refusal({**SIGNED, **changed})
    assert key in error
    assert rule in error
