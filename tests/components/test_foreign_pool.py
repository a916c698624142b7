"""A look-up's outputs may be null, empty or missing: each is accepted or a reason to refuse, and never a crash."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from unittest import mock

import pulumi_gcp as gcp
import pytest

from keyless_bigquery.components.federation import ForeignPoolError
from keyless_bigquery.components.foreign_pool import foreign_pool
from keyless_bigquery.trust.names import DEFAULT_AWS_MAPPING
from keyless_bigquery.trust.trust import TrustChain, attribute_condition
from tests.components import recording

NAME = "projects/99/locations/global/workloadIdentityPools/shared/providers/aws-lambda"
LOOK_UP = "gcp:iam/getWorkloadIdentityPoolProvider:getWorkloadIdentityPoolProvider"
ACCOUNT = "210987654321"
READER = TrustChain(aws_account_id=ACCOUNT, role_name="reader", function_name="reader-fn")
NO_CONDITION = "must have an attribute condition"
NO_AWS = "must be an AWS provider; actual: another kind"
NO_ACCOUNT = f"actual: no account instead of {ACCOUNT}"
NOT_ACTIVE = "must be ACTIVE"
NO_MAPPING = "the attribute mapping must be valid"
BLOCK = gcp.iam.outputs.GetWorkloadIdentityPoolProviderAwResult
ISSUER = gcp.iam.outputs.GetWorkloadIdentityPoolProviderOidcResult(
    allowed_audiences=[], issuer_uri="https://token.example.com", jwks_json=""
)
FIT: dict[str, Any] = {
    "aws": [BLOCK(account_id=ACCOUNT)],
    "attribute_mapping": dict(DEFAULT_AWS_MAPPING),
    "attribute_condition": attribute_condition([READER]),
    "state": "ACTIVE",
    "disabled": False,
    "oidcs": [],
    "samls": [],
    "x509s": [],
}
MISSING = object()
OUTPUTS: list[tuple[str, Any, str | None]] = [
    # A provider that was made without a mapping has Google's own.
    *(("attribute_mapping", value, None) for value in (MISSING, None, {})),
    ("attribute_mapping", {"google.subject": None}, NO_MAPPING),
    ("attribute_mapping", {"google.subject": ""}, NO_MAPPING),
    ("attribute_mapping", {"attribute.aws_role": "assertion.arn"}, NO_MAPPING),
    *(("attribute_condition", value, NO_CONDITION) for value in (MISSING, None, "", " \n")),
    *(("aws", value, NO_AWS) for value in (MISSING, None, [], [None])),
    *(("aws", [value], NO_ACCOUNT) for value in ({}, BLOCK(account_id=""), {"account_id": None})),
    ("aws", [BLOCK(account_id="111122223333")], "actual: account 111122223333 instead of"),
    *(("state", value, NOT_ACTIVE) for value in (MISSING, None, "", "STATE_UNSPECIFIED", "DELETED")),
    *(("disabled", value, None) for value in (MISSING, None, False)),
    ("disabled", True, "must not be disabled"),
    *((kind, value, None) for kind in ("oidcs", "samls", "x509s") for value in (MISSING, None, [], [None])),
]


def judged(result: object) -> None:
    look_up = mock.patch.object(gcp.iam, "get_workload_identity_pool_provider", return_value=result)
    with look_up:
        foreign_pool(NAME, [READER], opts=mock.sentinel.opts)


def answered(**changed: Any) -> object:
    """The look-up's result; without the outputs that are :data:`MISSING`, as another release of the SDK may have it."""
    values = FIT | changed
    if MISSING in changed.values():
        return SimpleNamespace(**{name: value for name, value in values.items() if value is not MISSING})
    made: object = gcp.iam.AwaitableGetWorkloadIdentityPoolProviderResult(**values)  # type: ignore[no-untyped-call]  # the SDK's constructors have no types
    return made


@pytest.mark.parametrize(
    ("output", "value", "refusal"),
    [pytest.param(*row, id=f"{row[0]}={'missing' if row[1] is MISSING else row[1]!r}"[:60]) for row in OUTPUTS],
)
def test_each_output_of_the_look_up_missing_null_or_empty_is_judged(
    output: str, value: object, refusal: str | None
) -> None:
    result = answered(**{output: value})
    if refusal is None:
        judged(result)
        return
    with pytest.raises(ForeignPoolError) as refused:
        judged(result)
    [reason] = str(refused.value).splitlines()[1:]
    assert refusal in reason
    assert "Fix: " in reason


@pytest.mark.parametrize(("output", "kind"), [("oidcs", "OIDC"), ("samls", "SAML"), ("x509s", "X.509")])
def test_a_provider_of_another_kind_is_refused_by_the_name_of_its_kind(output: str, kind: str) -> None:
    with pytest.raises(ForeignPoolError, match=f"must be an AWS provider; actual: kind {kind}"):
        judged(answered(aws=[], **{output: [ISSUER]}))


def test_an_answer_with_nothing_in_it_has_every_reason_and_no_crash() -> None:
    for result in (answered(**dict.fromkeys(FIT)), SimpleNamespace()):
        with pytest.raises(ForeignPoolError) as refused:
            judged(result)
        reasons = str(refused.value).splitlines()[1:]
        for reason, expected in zip(reasons, (NOT_ACTIVE, NO_AWS, NO_CONDITION), strict=True):
            assert expected in reason


@pytest.mark.parametrize("mapping", [{}, {"attributeMapping": None}, {"attributeMapping": {}}])
def test_the_provider_that_the_articles_command_makes_lacks_a_condition_and_nothing_else(
    mapping: dict[str, Any],
) -> None:
    """``gcloud iam workload-identity-pools providers create-aws NAME --account-id``, without mapping and condition."""
    theirs = {"aws": [{"accountId": ACCOUNT}], "state": "ACTIVE", "disabled": False, **mapping}
    settings = {"pool": "existing", "providerName": NAME}
    with pytest.raises(Exception, match=NO_CONDITION) as refused:
        recording.record(settings, answers={LOOK_UP: theirs})
    assert str(refused.value).count("  - ") == 1
    ours = TrustChain(aws_account_id=ACCOUNT, role_name="keyless-bigquery-dev", function_name="keyless-bigquery-dev")
    theirs |= {"attributeCondition": attribute_condition([ours])}
    stack = recording.record(settings, answers={LOOK_UP: theirs})
    member = stack.only("gcp:serviceaccount/iAMMember:IAMMember").inputs["member"]
    assert member.endswith(f"/workloadIdentityPools/shared/attribute.aws_role/{ours.role_arn}")
