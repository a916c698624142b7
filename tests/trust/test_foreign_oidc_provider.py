"""Another team's OIDC provider is used only if AWS's token for our role comes in by our name, and no other token."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, cast

import pytest

from keyless_bigquery.trust import provider_answer
from keyless_bigquery.trust.adversarial_callers import arn_of, caller_of, strangers, unnamed
from keyless_bigquery.trust.attributes import MappingError, condition_holds, map_attributes
from keyless_bigquery.trust.foreign_provider import ForeignProvider, Refusal, refusals
from keyless_bigquery.trust.named_roles import bound
from keyless_bigquery.trust.subject_tokens import AwsOidc
from keyless_bigquery.trust.trust import TrustChain

ACCOUNT, ROLE = "210987654321", "team.reader"
ISSUER = "https://0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0.tokens.sts.global.api.aws"
OTHER_ISSUER = ISSUER.replace("0f1e", "0f1f")
ROLES = f"arn:aws:iam::{ACCOUNT}:role/"
OURS = f"assertion.sub == '{ROLES}{ROLE}'"
READER = TrustChain(
    aws_account_id=ACCOUNT, role_name=ROLE, function_name="reader-fn", subject_token=AwsOidc(issuer=ISSUER)
)
MAPPING = {"google.subject": "assertion.sub", "attribute.aws_role": "assertion.sub"}
NAME = "projects/123456789012/locations/global/workloadIdentityPools/platform/providers/functions"
AUDIENCE = f"https://iam.googleapis.com/{NAME}"
FIT = ForeignProvider(
    aws_account_id="",
    attribute_mapping=MAPPING,
    attribute_condition=OURS,
    kind="OIDC",
    issuer=ISSUER,
    audience=AUDIENCE,
)


def judged(**changes: Any) -> list[Refusal]:
    return refusals(dataclasses.replace(FIT, **changes), [READER])


def mapped(**more: str) -> dict[str, Any]:
    return {"attribute_mapping": {**MAPPING, **more}}


def test_a_provider_like_our_own_is_fit() -> None:
    assert judged() == []


@pytest.mark.parametrize(
    ("changes", "rule", "actual"),
    [
        ({"kind": "AWS"}, "with subjectToken aws-oidc the provider must be an OIDC provider", "kind AWS"),
        ({"kind": "SAML"}, "must be an OIDC provider", "kind SAML"),
        ({"issuer": OTHER_ISSUER}, "must trust the issuer", OTHER_ISSUER),
        ({"issuer": f"{ISSUER}/"}, "must trust the issuer", f"{ISSUER}/ instead"),
        ({"issuer": ISSUER.upper()}, "must trust the issuer", "AWS instead"),
        ({"issuer": ""}, "must trust the issuer", "no issuer"),
        ({"has_keys": True}, "issuer's own keys", "jwksJson"),
        ({"allowed_audiences": ("databricks",)}, "no audience but its own name", "databricks"),
        ({"attribute_condition": ""}, "must have an attribute condition", "none"),
        ({"attribute_mapping": {}}, "google.subject must be assertion.sub", "assertion.arn"),
        (mapped(**{"google.subject": "assertion.jti"}), "google.subject must be assertion.sub", "assertion.jti"),
        (mapped(**{"attribute.aws_role": "assertion.aud"}), "known of assertion.sub only", "assertion.aud"),
        (mapped(**{"attribute.org": "assertion.org"}), "must give values for the function", "org"),
    ],
)
def test_what_makes_a_provider_unfit_is_named_with_its_fix(changes: dict[str, Any], rule: str, actual: str) -> None:
    found = judged(**changes)
    assert [one for one in found if rule in one.rule and actual in one.actual and one.fix], found


def test_a_signed_request_needs_an_aws_provider() -> None:
    signing = TrustChain(aws_account_id=ACCOUNT, role_name=ROLE, function_name="f")
    found = refusals(FIT, [signing])
    assert found[0].rule == "with subjectToken aws-signature the provider must be an AWS provider"
    assert found[0].actual == "kind OIDC"


TEAM = f"{ROLES}team/sub/other"
CONDITIONS = [
    (OURS, True),
    (f"'{ROLES}{ROLE}' == assertion.sub", True),
    (f"google.subject in ['{ROLES}{ROLE}', '{TEAM}']", True),
    (f"attribute.aws_role == '{ROLES}{ROLE}' || assertion.sub == '{TEAM}'", True),
    (f"{OURS} && assertion.iss == '{ISSUER}'", True),
    (f"assertion.sub.startsWith('{ROLES}{ROLE}')", False),
    (f"assertion.sub.startsWith('{ROLES}')", False),
    (f"assertion.sub.endsWith('/{ROLE}')", False),
    (f"assertion.sub.matches('^{ROLES}{ROLE}/')", False),
    (f"assertion.sub.extract('role/{{x}}') == '{ROLE}'", False),
    (f"{OURS} || assertion.sub.contains('reader')", False),
    (f"assertion['https://sts.amazonaws.com/'].aws_account == '{ACCOUNT}'", False),
    (f"{OURS} && assertion.aud == '{AUDIENCE}'", True),
    (f"assertion.aud in ['{AUDIENCE}', '{AUDIENCE.removeprefix('https:')}'] && {OURS}", True),
    (f"{OURS} && assertion.aud == '{AUDIENCE}-2'", False),
    (f"{OURS} && assertion.aud[0] == '{AUDIENCE}'", False),
    (f"assertion.aud == '{AUDIENCE}'", False),
    (f"assertion.aud == '{AUDIENCE}' || {OURS}", False),
    (f"!(assertion.sub != '{ROLES}{ROLE}')", False),
    ("true", False),
]


@pytest.mark.parametrize(("condition", "fit"), CONDITIONS)
def test_a_condition_is_fit_only_if_it_names_each_role_in_full(condition: str, fit: bool) -> None:
    assert (judged(attribute_condition=condition) == []) is fit, judged(attribute_condition=condition)


@pytest.mark.parametrize("condition", [condition for condition, fit in CONDITIONS if fit])
def test_a_fit_condition_admits_the_role_and_no_caller_that_imitates_it(condition: str) -> None:
    def role_of_who_is_admitted(trust: TrustChain) -> list[str]:
        callers = [caller_of(trust), *strangers(trust, stranger=unnamed(condition))]
        found = []
        for caller in callers:
            try:
                known = {**cast(Mapping[str, Any], caller), "aud": AUDIENCE}
                attributes = map_attributes(MAPPING, known)
                if condition_holds(condition, known, attributes):
                    found.append(attributes.custom["aws_role"])
            except MappingError:
                continue
        return found

    assert role_of_who_is_admitted(READER) == [f"{ROLES}{ROLE}"]


def test_where_the_audience_is_not_known_a_condition_that_reads_it_is_refused() -> None:
    reading = f"{OURS} && assertion.aud == '{AUDIENCE}'"
    assert judged(attribute_condition=reading) == []
    assert (
        judged(attribute_condition=reading, audience="")[0].rule == "the attribute condition must let the function in"
    )


def test_who_imitates_a_role_has_another_subject() -> None:
    subjects = [arn_of(caller) for caller in strangers(READER, stranger="other")]
    assert f"{ROLES}{ROLE}" not in subjects
    for subject in (
        f"{ROLES}{ROLE}2",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}/reader-fn",
        f"{ROLES}{ROLE}/reader-fn",
        f"{ROLES}reader-fn/{ROLE}",
        f"arn:aws:iam::{ACCOUNT}:user/{ROLE}",
        f"arn:aws:iam::210987654322:role/{ROLE}",
    ):
        assert subject in subjects


def test_another_teams_role_with_a_path_counts_as_named() -> None:
    found = bound(
        f"assertion.sub == '{TEAM}'",
        account_id=ACCOUNT,
        role_attribute="aws_role",
        subject_token=AwsOidc(issuer=ISSUER),
    )
    assert found.closed
    assert found.names == frozenset({"team/sub/other"})


@pytest.mark.parametrize(
    "block",
    [
        {"issuerUri": ISSUER, "allowedAudiences": ["a"], "jwksJson": "{}"},
        [{"issuer_uri": ISSUER, "allowed_audiences": ["a"], "jwks_json": "{}"}],
    ],
)
def test_an_answer_of_google_and_one_of_a_look_up_are_read_alike(block: object) -> None:
    found = provider_answer.read({"oidc": block, "attributeMapping": MAPPING, "state": "ACTIVE", "name": NAME})
    assert (found.kind, found.issuer, found.allowed_audiences, found.has_keys) == ("OIDC", ISSUER, ("a",), True)
    assert found.audience == AUDIENCE
    bare = provider_answer.read({"oidc": [{"issuer_uri": ISSUER, "allowed_audiences": None, "jwks_json": ""}]})
    assert (bare.allowed_audiences, bare.has_keys, bare.audience) == ((), False, "")
