"""The doctor where AWS signs the subject token: what it checks of it, and what it says that it doesn't."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from keyless_bigquery.trust.organisation import PROVIDERS_CONSTRAINT
from keyless_tools.doctor.answer import JSON, Absent, Answer, Found
from keyless_tools.doctor.expected import expected_of
from keyless_tools.doctor.finding import Finding, Link, Verdict
from keyless_tools.doctor.observed import Seen
from keyless_tools.doctor.walk import STEPS, walk
from tests.doctor import healthy

ISSUER = "https://0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0.tokens.sts.global.api.aws"
OIDC: dict[str, Any] = {"subjectToken": "aws-oidc", "awsTokenIssuer": ISSUER}
CHAIN = healthy.expected(**OIDC)
SEEN = healthy.seen(CHAIN)


def found(seen: Seen, link: Link) -> Finding:
    return next(finding for finding in walk(CHAIN, seen) if finding.link is link)


def provider(**fields: Any) -> Seen:
    assert isinstance(SEEN.provider, Found)
    return dataclasses.replace(SEEN, provider=Found(value={**SEEN.provider.value, **fields}))


def test_a_chain_that_is_as_it_should_be_is_whole_and_says_what_it_did_not_check() -> None:
    findings = walk(CHAIN, SEEN)
    assert [finding.link for finding in findings] == list(STEPS)
    assert {finding.link for finding in findings if finding.verdict is not Verdict.OK} <= {Link.LISTED}
    assert "whether the account has outbound federation enabled isn't checked" in found(SEEN, Link.ACCOUNT).actual
    assert "what its policy get-token-for-google says isn't checked" in found(SEEN, Link.ROLE).actual
    assert found(SEEN, Link.ORGANISATION_POLICY).actual == f"allows {ISSUER}"


@pytest.mark.parametrize(
    ("seen", "link", "actual"),
    [
        (provider(oidc=None, aws={"accountId": "210987654321"}), Link.ACCOUNT, "not one for OIDC"),
        (provider(oidc={"issuerUri": f"{ISSUER}/"}), Link.ACCOUNT, f"admits tokens of {ISSUER}/"),
        (provider(oidc={"issuerUri": ISSUER, "jwksJson": "{}"}), Link.ACCOUNT, "has jwksJson"),
        (provider(oidc={"issuerUri": ISSUER, "allowedAudiences": ["x"]}), Link.ACCOUNT, "has allowedAudiences"),
        (
            provider(attributeMapping={"google.subject": "assertion.sub", "attribute.aws_role": "assertion.aud"}),
            Link.MAPPING,
            "gives no value",
        ),
        (provider(attributeCondition="assertion.sub == 'x'"), Link.CONDITION, "false for arn:aws:iam::"),
        (
            dataclasses.replace(SEEN, role_policies=Found(value={"inline": ["write-own-log"], "attached": []})),
            Link.ROLE,
            "has no policy get-token-for-google",
        ),
    ],
)
def test_what_keeps_the_token_out_fails_with_its_fix(seen: Seen, link: Link, actual: str) -> None:
    finding = found(seen, link)
    assert finding.verdict is Verdict.FAILED, finding
    assert actual in finding.actual
    assert finding.fix == "pulumi up --refresh --stack dev"


def test_an_organisation_that_does_not_allow_the_issuer_is_named_with_it() -> None:
    others: Answer[JSON] = Found(value={"listPolicy": {"allowedValues": ["x"]}})
    policies = {**SEEN.organisation_policies, PROVIDERS_CONSTRAINT: others}
    seen = dataclasses.replace(SEEN, provider=Absent(), organisation_policies=policies)
    finding = found(seen, Link.ORGANISATION_POLICY)
    assert finding.verdict is Verdict.FAILED
    assert f"does not allow {ISSUER}" in finding.actual


def test_another_kind_of_token_than_the_deployed_one_is_a_difference() -> None:
    deployed = healthy.stack()
    (chain,) = expected_of(dataclasses.replace(deployed, settings=healthy.stack(**OIDC).settings))
    assert "reader has another kind of subject token, configured is aws-oidc" in chain.undeployed
