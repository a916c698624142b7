"""What the program registers where AWS signs the subject token: one provider, and one policy that is for it alone."""

from __future__ import annotations

import json

import pulumi
import pytest

from keyless_bigquery.components import outputs
from tests.components.recording import PROJECT_NUMBER, record
from tests.components.test_program import ACCOUNT_MEMBER, POOL, PROVIDER, ROLE_POLICY
from tests.components.test_program_options import THEIRS, provider, statements
from tests.settings.test_subject_token import ISSUER, OIDC

ROLE = "arn:aws:iam::210987654321:role/keyless-bigquery-dev"
MAPPING = {"google.subject": "assertion.sub", "attribute.aws_role": "assertion.sub"}


def test_the_provider_trusts_the_accounts_issuer_and_names_the_role_in_full() -> None:
    found = record(OIDC).only(PROVIDER)
    assert found.name == record({}).only(PROVIDER).name
    assert found.inputs["workloadIdentityPoolProviderId"] == "aws-lambda-oidc"
    assert found.inputs["oidc"] == {"issuerUri": ISSUER}
    assert "aws" not in found.inputs
    assert found.inputs["attributeMapping"] == MAPPING
    assert found.inputs["attributeCondition"] == f"assertion.sub == '{ROLE}'"


def test_the_binding_and_the_configuration_follow() -> None:
    stack = record(OIDC)
    member = stack.only(ACCOUNT_MEMBER).inputs["member"]
    assert member == stack.outputs[outputs.PRINCIPAL]
    assert member.endswith(f"/attribute.aws_role/{ROLE}")
    configuration = json.loads(stack.outputs[outputs.CREDENTIAL_CONFIGURATION])
    assert configuration["audience"].endswith("/providers/aws-lambda-oidc")
    assert configuration["subject_token_type"] == "urn:ietf:params:oauth:token-type:jwt"
    assert "credential_source" not in configuration


def test_the_role_may_get_a_token_for_this_provider_alone() -> None:
    stack = record(OIDC)
    audience = f"https:{stack.outputs[outputs.AUDIENCE]}"
    assert audience.startswith(f"https://iam.googleapis.com/projects/{PROJECT_NUMBER}/locations/global/")
    assert statements(stack, "may-get-token-for-google") == {
        "Effect": "Allow",
        "Action": "sts:GetWebIdentityToken",
        "Resource": "*",
        "Condition": {
            "ForAllValues:StringEquals": {"sts:IdentityTokenAudience": [audience]},
            "Null": {"sts:IdentityTokenAudience": "false"},
            "StringEquals": {"sts:SigningAlgorithm": "RS256"},
            "NumericLessThanEquals": {"sts:DurationSeconds": 300},
        },
    }


def test_each_reader_has_a_clause_and_a_policy_of_its_own() -> None:
    stack = record(OIDC | {"readers": json.dumps([{"name": "users"}, {"name": "orders"}])})
    roles = [f"arn:aws:iam::210987654321:role/keyless-bigquery-dev--{name}" for name in ("users", "orders")]
    condition = stack.only(PROVIDER).inputs["attributeCondition"]
    assert condition == " || ".join(f"assertion.sub == '{role}'" for role in roles)
    policies = {policy.name for policy in stack.of_type(ROLE_POLICY) if "token" in policy.name}
    assert policies == {"may-get-token-for-google-users", "may-get-token-for-google-orders"}


def test_by_default_nothing_of_it_is_registered() -> None:
    stack = record({})
    assert not [policy for policy in stack.of_type(ROLE_POLICY) if "token" in policy.name]
    assert "oidc" not in stack.only(PROVIDER).inputs
    assert stack.only(PROVIDER).inputs["aws"] == {"accountId": "210987654321"}


def test_a_preview_without_a_provider_yet_knows_all_but_its_name() -> None:
    stack = record(OIDC, preview=True)
    (policy,) = [policy for policy in stack.of_type(ROLE_POLICY) if policy.name == "may-get-token-for-google"]
    assert isinstance(policy.inputs["policy"], pulumi.output.Unknown)
    assert stack.only(PROVIDER).inputs["oidc"] == {"issuerUri": ISSUER}


def oidc_provider(**changed: object) -> dict[str, dict[str, object]]:
    fit = {
        "aws": None,
        "oidcs": [{"issuerUri": ISSUER, "allowedAudiences": [], "jwksJson": ""}],
        "attributeMapping": MAPPING,
        "attributeCondition": f"assertion.sub == '{ROLE}'",
    }
    return provider(**(fit | changed))


def test_another_teams_oidc_provider_is_used_where_it_is_as_strict_as_ours() -> None:
    stack = record(OIDC | {"pool": "existing", "providerName": THEIRS}, answers=oidc_provider())
    assert not stack.of_type(POOL)
    audience = f"https://iam.googleapis.com/{THEIRS}"
    condition = statements(stack, "may-get-token-for-google")["Condition"]
    assert condition["ForAllValues:StringEquals"] == {"sts:IdentityTokenAudience": [audience]}


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        (oidc_provider(oidcs=[{"issuerUri": ISSUER.replace("0f", "1f")}]), "must trust the issuer"),
        (oidc_provider(oidcs=[{"issuerUri": ISSUER, "jwksJson": '{"keys": []}'}]), "jwksJson"),
        (oidc_provider(oidcs=[{"issuerUri": ISSUER, "allowedAudiences": ["x"]}]), "allowed audiences x"),
        (oidc_provider(attributeCondition=f"assertion.sub.startsWith('{ROLE}')"), "name each role that it admits"),
        (provider(), "must be an OIDC provider"),
    ],
)
def test_another_teams_provider_that_is_less_strict_is_refused(
    answers: dict[str, dict[str, object]], says: str
) -> None:
    with pytest.raises(pulumi.RunError, match=r"nothing was created") as refused:
        record(OIDC | {"pool": "existing", "providerName": THEIRS}, answers=answers)
    assert says in str(refused.value)


def test_an_oidc_provider_is_none_for_a_signed_request() -> None:
    with pytest.raises(pulumi.RunError, match="with subjectToken aws-signature the provider must be an AWS provider"):
        record({"pool": "existing", "providerName": THEIRS}, answers=oidc_provider())
