"""OIDC tokens at the exchange: of the local AWS, and of issuers whose keys were uploaded. Denials: `tests/denials`."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import yaml
from google.auth.exceptions import OAuthError

from federation_emulator.client.issuer import GITHUB, Issuer, github_claims
from federation_emulator.core.trace import Link, Refused, Trail
from federation_emulator.ports.web_identity import ISSUER, NAMESPACE
from federation_emulator.seed.model import seed_from
from federation_emulator.services.iam.model import Oidc
from federation_emulator.services.sts.identity_token import check_claims
from keyless_bigquery.components.program import ROOT
from tests.emulator.chain import ACCOUNT, ROLE, Chain, Keys, LocalAccount
from tests.emulator.google_server import Google
from tests.emulator.identity import (
    AUDIENCE,
    JWT,
    MEMBER,
    OTHER_ISSUER,
    PATH,
    ROLE_ARN,
    allow_tokens,
    aws_token,
    credentials,
    deploy_oidc,
    exchange,
    make_pool,
    make_provider,
    signed,
)

README = ROOT / "packages/federation-emulator/README.md"
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"
ROWS = [("users-1",), ("users-2",), ("users-3",)]
FUNCTION = """
import botocore.session, os
def handler(event, context):
    sts = botocore.session.get_session().create_client("sts")
    asked = {"Audience": [event["audience"]], "SigningAlgorithm": event["algorithm"], "DurationSeconds": 300}
    return sts.get_web_identity_token(**asked)["WebIdentityToken"]
"""


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer(OTHER_ISSUER)


def rows(chain: Chain, made: Any) -> list[tuple[Any, ...]]:
    with chain.client(made) as client:
        return [tuple(row) for row in client.query_and_wait(chain.sql("SELECT name FROM {users} ORDER BY user_id"))]


def principal(google: Google, token: str, **changes: str) -> str:
    """Who a token is known as, once it is exchanged."""
    answer = exchange(google, token, **changes)
    assert answer.ok, answer.text
    return google.decisions()[-1].principal


def test_a_role_reads_rows_with_a_token_of_the_local_aws(chain: Chain, aws: LocalAccount, role_keys: Keys) -> None:
    deploy_oidc(chain)
    allow_tokens(aws)
    assert rows(chain, credentials(chain.google, partial(aws_token, aws, role_keys))) == ROWS
    exchanged = next(each for each in chain.google.decisions() if each.link is Link.TOKEN_EXCHANGE)
    assert [step.part.value for step in exchanged.steps] == [
        *("request", "request", *["ID token"] * 5, "attributes", "condition", "principal", "token"),
    ]
    other = aws.assume("Another-Reader")
    allow_tokens(aws, "Another-Reader")
    with pytest.raises(OAuthError, match="rejected by the attribute condition"):
        rows(chain, credentials(chain.google, partial(aws_token, aws, other)))


def test_a_token_that_google_does_not_verify_is_refused_though_aws_signed_it(
    chain: Chain, aws: LocalAccount, role_keys: Keys
) -> None:
    deploy_oidc(chain)
    allow_tokens(aws)
    statement = {"Effect": "Allow", "Action": "sts:GetWebIdentityToken", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam = aws.client("iam")
    iam.put_role_policy(RoleName=ROLE, PolicyName="any-token", PolicyDocument=document)
    try:
        es384 = aws_token(aws, role_keys, SigningAlgorithm="ES384")
        elsewhere = aws_token(aws, role_keys, Audience=["https://example.com"])
        both = aws_token(aws, role_keys, Audience=["https://example.com", AUDIENCE])
    finally:
        iam.delete_role_policy(RoleName=ROLE, PolicyName="any-token")
    refused = [exchange(chain.google, token).json() for token in (es384, elsewhere)]
    assert [each["error"] for each in refused] == ["invalid_grant", "invalid_grant"]
    expected = "The audience in ID Token [https://example.com] does not match the expected audience."
    assert refused[1]["error_description"] == expected
    assert exchange(chain.google, both).ok


def test_the_federated_principal_itself_reads_rows_too(chain: Chain, issuer: Issuer) -> None:
    deploy_oidc(chain, issuer)
    chain.grant(f"{chain.tables_path}/users", "roles/bigquery.dataViewer", MEMBER)
    chain.grant("/v1/projects/local-keyless", "roles/bigquery.jobUser", MEMBER)
    assert rows(chain, credentials(chain.google, partial(signed, issuer, chain.google), impersonated=False)) == ROWS


@pytest.fixture(scope="module")
def federated(deployed: Chain, issuer: Issuer) -> Google:
    """A local Google with an OIDC provider, for tests that change no more than that."""
    deploy_oidc(deployed, issuer)
    return deployed.google


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
@pytest.mark.parametrize("kind", [JWT, ID_TOKEN])
@pytest.mark.parametrize("audience", [AUDIENCE, f"https:{AUDIENCE}", ["other", AUDIENCE]])
def test_each_algorithm_type_and_audience_that_google_names_is_taken(
    federated: Google, issuer: Issuer, algorithm: str, kind: str, audience: object
) -> None:
    token = signed(issuer, federated, algorithm=algorithm, aud=audience)
    assert principal(federated, token, subject_token_type=kind).endswith(f"/subject/{ROLE_ARN}")


def test_a_mapping_and_a_condition_read_claims_of_each_kind(federated: Google, issuer: Issuer) -> None:
    mapping = {
        "google.subject": f"assertion['{NAMESPACE}'].aws_account + '/' + assertion.sub.extract('role/{{name}}')",
        "attribute.function": f"assertion['{NAMESPACE}'].lambda_source_function_arn",
        "attribute.admin": "assertion.roles.exists(role, role == 'admin') && assertion.level > 2 ? 'yes' : 'no'",
        "google.groups": "assertion.roles",
    }
    condition = f"'admin' in google.groups && assertion['{NAMESPACE}'].source_region == 'us-east-1' && assertion.flag"
    federated.done(
        "PATCH",
        f"{PATH}?updateMask=attributeMapping,attributeCondition",
        {"attributeMapping": mapping, "attributeCondition": condition},
    )
    special = {"aws_account": ACCOUNT, "source_region": "us-east-1", "lambda_source_function_arn": "arn:of:it"}
    right: dict[str, Any] = {"roles": ["admin", "x"], "level": 3, "flag": True, NAMESPACE: special}
    assert principal(federated, signed(issuer, federated, **right)).endswith(f"/subject/{ACCOUNT}/{ROLE}")
    refusals: tuple[tuple[dict[str, Any], str], ...] = (
        ({"roles": ["x"]}, "unauthorized_client"),
        ({"flag": "true"}, "unauthorized_client"),
        ({"flag": None}, "unauthorized_client"),
        ({NAMESPACE: {"aws_account": ACCOUNT}}, "unauthorized_client"),
        ({"roles": "admin"}, "unauthorized_client"),
        ({"roles": [1, "admin"]}, "unauthorized_client"),
        ({"roles": ["x"] * 51}, "invalid_grant"),
        ({"level": 2**63}, "invalid_grant"),
        ({NAMESPACE: {**special, "aws_account": "x" * 120}}, "invalid_request"),
    )
    for wrong, error in refusals:
        answer = exchange(federated, signed(issuer, federated, **{**right, **wrong}))
        assert answer.json()["error"] == error, (wrong, answer.text)


def test_a_job_of_github_is_known_by_its_repository_as_the_readme_has_it(chain: Chain) -> None:
    google = chain.google
    github = Issuer(GITHUB, algorithms=("RS256",))
    shown = re.search(r"```yaml\n(pools:\n  ci-jobs:\n.*?)```", README.read_text(), re.DOTALL)
    assert shown
    written = yaml.safe_load(shown[1])
    written["pools"]["ci-jobs"]["providers"]["github"]["jwks"] = github.key_set()
    made = seed_from(written).pools["ci-jobs"].providers["github"]
    make_provider(google, made.oidc, attributeMapping=made.mapping, attributeCondition=made.condition)
    claims = github_claims("octo/app", audience="sts.example.com", now=google.clock.now())
    assert principal(google, github.token(claims)).endswith("/subject/repo:octo/app:ref:refs/heads/main")
    for wrong in ({"ref": "refs/heads/other"}, {"repository_id": "75"}):
        assert exchange(google, github.token({**claims, **wrong})).json()["error"] == "unauthorized_client"


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ({"iat": 60}, {"iat": 61}),
        ({"iat": 0, "exp": 172_800}, {"iat": 61, "exp": 172_800}),
        ({"iat": -86_400}, {"iat": -86_401}),
        ({"exp": -59}, {"exp": -60}),
        ({"nbf": 60}, {"nbf": 61}),
        ({"iat": 59.5}, {"iat": 60.5}),
    ],
)
def test_times_are_judged_to_the_second_with_a_tolerance_of_a_minute(
    right: dict[str, float], wrong: dict[str, float]
) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)

    def check(times: dict[str, float]) -> None:
        moved = {name: now.timestamp() + seconds for name, seconds in {"iat": 0.0, "exp": 300.0, **times}.items()}
        oidc = Oidc(issuer_uri=OTHER_ISSUER, allowed_audiences=("a",))
        claims = {"iss": OTHER_ISSUER, "sub": "s", "aud": "a", **moved}
        check_claims(claims, oidc, provider="p", now=now, trail=Trail("", now, Link.TOKEN_EXCHANGE, ""))

    check(right)
    with pytest.raises(Refused):
        check(wrong)


def test_a_token_lasts_as_long_as_it_says_by_the_local_googles_clock(chain: Chain, issuer: Issuer) -> None:
    google = chain.google
    deploy_oidc(chain, issuer)
    token = signed(issuer, google)
    for seconds in (290, 60):
        google.pass_time(seconds)
        assert exchange(google, token).ok
    google.pass_time(11)
    issued = json.loads(urlsafe_b64decode(token.split(".")[1] + "=="))["iat"]
    assert exchange(google, token).json()["error_description"] == f"ID Token issued at {issued} is stale to sign-in."
    # A new one carries the moved time, or it isn't of this moment either.
    assert not exchange(google, signed(issuer, google)).ok
    assert exchange(google, signed(issuer, google, iat=issued + 300, exp=issued + 600)).ok


def test_a_token_of_the_local_aws_lasts_as_long_as_it_says_by_the_hosts_clock(
    chain: Chain, aws: LocalAccount, role_keys: Keys
) -> None:
    google = chain.google
    deploy_oidc(chain)
    allow_tokens(aws)
    token = aws_token(aws, role_keys)
    google.pass_time(7200)
    assert exchange(google, token).ok
    google.clock.ahead = timedelta(seconds=361)
    assert "is stale to sign-in" in exchange(google, token).json()["error_description"]


def test_without_a_local_aws_its_issuer_is_not_within_reach(quiet_google: Google) -> None:
    make_pool(quiet_google)
    make_provider(quiet_google, {"issuerUri": ISSUER})
    answer = exchange(quiet_google, Issuer(ISSUER, algorithms=("RS256",)).token({"sub": "x"}))
    assert answer.json()["error_description"] == "Error connecting to the given credential's issuer."
    assert quiet_google.refusal().actual == "ConnectionRefusedError"


def test_a_function_asks_for_its_token_with_the_sdks_own_variable(aws: LocalAccount, google: Google) -> None:
    name = "token-function"
    environment = {"Variables": {"AWS_ENDPOINT_URL_STS": aws.url}}
    functions = aws.function(name, {"main.py": FUNCTION}, Environment=environment)
    functions.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 20})
    allow_tokens(aws, name, audience=AUDIENCE)

    def invoke(**event: str) -> Any:
        answer = functions.invoke(FunctionName=name, Payload=json.dumps({"audience": AUDIENCE, **event}))
        return json.loads(answer["Payload"].read())

    token = invoke(algorithm="RS256")
    assert "AccessDenied" in invoke(algorithm="ES384")["errorMessage"]
    arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}"
    condition = f"assertion['{NAMESPACE}'].lambda_source_function_arn == '{arn}'"
    make_pool(google)
    make_provider(google, {"issuerUri": ISSUER}, attributeCondition=condition)
    assert principal(google, token).endswith(f"/subject/arn:aws:iam::{ACCOUNT}:role/{name}")
