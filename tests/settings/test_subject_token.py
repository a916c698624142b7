"""Which subject token the role shows Google, and the issuer that belongs to one of the two."""

from __future__ import annotations

import pytest

from keyless_bigquery.settings.function_environment import variables
from keyless_bigquery.trust.subject_tokens import AwsOidc, AwsSignature
from tests.settings.test_settings import read, refusal

ISSUER = "https://0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0.tokens.sts.global.api.aws"
OIDC = {"subjectToken": "aws-oidc", "awsTokenIssuer": ISSUER}


def test_a_stack_that_says_nothing_signs_requests_as_before() -> None:
    settings = read()
    (reader,) = settings.readers
    assert reader.trust.subject_token == AwsSignature()
    assert reader.trust.role_arn == "arn:aws:sts::210987654321:assumed-role/keyless-bigquery-dev"
    assert settings.own_provider_id == "aws-lambda"


def test_a_signed_token_names_the_role_and_gets_a_provider_of_its_own() -> None:
    settings = read(**OIDC)
    (reader,) = settings.readers
    assert reader.trust.subject_token == AwsOidc(ISSUER)
    assert reader.trust.role_arn == "arn:aws:iam::210987654321:role/keyless-bigquery-dev"
    assert settings.own_provider_id == "aws-lambda-oidc"
    assert read(**OIDC, providerId="p" * 27).own_provider_id == f"{'p' * 27}-oidc"


@pytest.mark.parametrize(
    "issuer",
    [
        ISSUER.replace("https", "http"),
        f"{ISSUER}/",
        f"{ISSUER}.",
        f"{ISSUER}:443",
        f"{ISSUER}/.well-known/jwks.json",
        f"{ISSUER}?x",
        f"{ISSUER}#x",
        f"{ISSUER}\n",
        f" {ISSUER}",
        f"{ISSUER}.evil.com",
        ISSUER.replace("api.aws", "api.aws.evil.com"),
        ISSUER.replace("//", "//user@"),
        ISSUER.replace("//", "//evil.com/"),
        ISSUER.replace("//", "//x."),
        ISSUER.replace("//", "//x-"),
        ISSUER.upper(),
        ISSUER.replace("0f1e2d3c", "0F1E2D3C"),
        ISSUER.replace("0f1e2d3c", "0f1e2d3g"),
        ISSUER.replace("0f1e", "0f1"),
        ISSUER.replace("0f1e", "\uff10f1e"),
        ISSUER.replace("aws", "\u0430ws"),
        ISSUER.replace(".tokens", "-tokens"),
        ISSUER.replace("global", "us-east-1"),
        "https://tokens.sts.global.api.aws",
        "https://sts.amazonaws.com",
        "https://token.actions.githubusercontent.com",
    ],
)
def test_an_issuer_that_is_not_an_accounts_own_is_refused(issuer: str) -> None:
    message = refusal(subjectToken="aws-oidc", awsTokenIssuer=issuer)
    assert message.startswith("awsTokenIssuer is '")
    assert "issuer of the account's tokens, letter by letter" in message
    assert "aws iam get-outbound-web-identity-federation-info" in message


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"subjectToken": "oidc"}, "subjectToken is 'oidc': it must be one of aws-signature, aws-oidc"),
        ({"subjectToken": "AWS-OIDC"}, "subjectToken is 'AWS-OIDC': it must be one of"),
        ({"subjectToken": "aws-oidc"}, "awsTokenIssuer is not set: this setting has no default. `aws iam get-outbound"),
        ({"awsTokenIssuer": ISSUER}, f"awsTokenIssuer is '{ISSUER}': it is of the tokens that AWS signs"),
        (OIDC | {"providerId": "p" * 28}, f"providerId is '{'p' * 28}': with subjectToken=aws-oidc it is"),
    ],
)
def test_what_does_not_go_together_is_refused_with_its_fix(changed: dict[str, str], says: str) -> None:
    assert refusal(**changed).startswith(says)


@pytest.mark.parametrize(
    ("changed", "given"),
    [
        ({}, None),
        (OIDC, None),
        ({"awsEndpoint": "http://127.0.0.1:4566"}, None),
        (OIDC | {"awsEndpoint": "http://127.0.0.1:4566"}, "http://127.0.0.1:4566"),
        (OIDC | {"environment": '{"AWS_ENDPOINT_URL_STS": "https://vpce.example"}'}, "https://vpce.example"),
    ],
)
def test_the_function_is_given_sts_address_only_where_it_asks_there(changed: dict[str, str], given: str | None) -> None:
    settings = read(**changed)
    found = variables(settings, settings.readers[0], table="p.d.t", tables=None)
    assert found.get("AWS_ENDPOINT_URL_STS") == given
