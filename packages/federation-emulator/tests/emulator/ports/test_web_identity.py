"""`GetWebIdentityToken` of the local AWS: by signature, by policy, as asked; and the account's switch."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from google.auth import jwt

from federation_emulator.ports.web_identity import ISSUER, ISSUER_HOST, KEY_SET, NAMESPACE
from federation_emulator.services.iam.key_set import read_key_set
from tests.emulator.chain import ACCOUNT, REGION, Keys, LocalAccount
from tests.emulator.identity import allow_tokens, sts

ROLE = "Token-Reader"
AUDIENCE = "https://audience.example.com"
FORM = "application/x-www-form-urlencoded"
RIGHT = {
    "Action": "GetWebIdentityToken",
    "Version": "2011-06-15",
    "Audience.member.1": AUDIENCE,
    "SigningAlgorithm": "RS256",
    "DurationSeconds": "300",
}


@pytest.fixture(scope="module")
def keys(aws: LocalAccount) -> Keys:
    made = aws.assume(ROLE)
    allow_tokens(aws, ROLE, audience=AUDIENCE)
    return made


@pytest.fixture(scope="module")
def free_keys(aws: LocalAccount) -> Keys:
    """Of a role that may ask for any token."""
    made = aws.assume("Free-Reader")
    statement = {
        "Effect": "Allow",
        "Action": ["sts:GetWebIdentityToken", "sts:TagGetWebIdentityToken"],
        "Resource": "*",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    aws.client("iam").put_role_policy(RoleName="Free-Reader", PolicyName="tokens", PolicyDocument=document)
    return made


def post(
    aws: LocalAccount, keys: Keys, parameters: Any, *, path: str = "/", method: str = "POST", kind: str = FORM
) -> requests.Response:
    """Sign a request by hand, and send it."""
    url = aws.url + path
    body = urlencode(parameters)
    request = AWSRequest(method, url, data=body, headers={"Content-Type": kind})
    SigV4Auth(Credentials(keys.key, keys.secret, keys.token or None), "sts", REGION).add_auth(request)
    with requests.Session() as session:
        session.trust_env = False
        return session.request(method, url, data=body, headers=dict(request.headers), timeout=20)


def code(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.text.partition("<Code>")[2].partition("</Code>")[0]


def test_a_token_names_the_role_and_a_published_key_verifies_it(aws: LocalAccount, keys: Keys) -> None:
    answer = sts(aws, keys).get_web_identity_token(Audience=[AUDIENCE], SigningAlgorithm="RS256", DurationSeconds=300)
    token = answer["WebIdentityToken"]
    header, claims, signed, signature = jwt._unverified_decode(token)  # type: ignore[no-untyped-call]  # google-auth's own
    assert {name: claims[name] for name in ("iss", "sub", "aud")} == {
        "iss": ISSUER, "sub": f"arn:aws:iam::{ACCOUNT}:role/{ROLE}", "aud": AUDIENCE,
    }  # fmt: skip
    assert claims["exp"] - claims["iat"] == 300
    assert claims["exp"] == answer["Expiration"].timestamp()
    assert claims[NAMESPACE] == {"aws_account": ACCOUNT, "source_region": REGION, "principal_id": claims["sub"]}
    for host in (None, ISSUER_HOST):
        published = requests.get(aws.url + KEY_SET, headers={"Host": host} if host else {}, timeout=20)
        key = read_key_set(published.text)[header["kid"]]
        assert key.serves("RS256")
        assert key.verifies(signature, signed)
        assert not key.verifies(signature, signed + b"x")
    for path, host in ((f"{KEY_SET}?a=b", ISSUER_HOST), ("/", ISSUER_HOST), (KEY_SET, "issuer.example.com")):
        assert requests.get(aws.url + path, headers={"Host": host}, timeout=20).status_code in {403, 421}


def test_tags_several_audiences_and_the_other_algorithm_are_in_the_token(aws: LocalAccount, free_keys: Keys) -> None:
    answer = sts(aws, free_keys).get_web_identity_token(
        Audience=["one", "two"], SigningAlgorithm="ES384", Tags=[{"Key": "job", "Value": "1"}]
    )
    header, claims, _, _ = jwt._unverified_decode(answer["WebIdentityToken"])  # type: ignore[no-untyped-call]  # google-auth's own
    assert header["alg"] == "ES384"
    assert claims["aud"] == ["one", "two"]
    assert claims["exp"] - claims["iat"] == 300
    assert claims[NAMESPACE]["request_tags"] == {"job": "1"}


@pytest.mark.parametrize(
    "changes",
    [
        {"Audience.member.1": "https://other.example.com"},
        {"Audience.member.2": "https://other.example.com"},
        {"SigningAlgorithm": "ES384"},
        {"DurationSeconds": "301"},
        {"DurationSeconds": None},
        {"Tags.member.1.Key": "a", "Tags.member.1.Value": "b"},
    ],
)
def test_a_role_gets_what_its_policy_allows_and_nothing_else(
    aws: LocalAccount, keys: Keys, changes: dict[str, Any]
) -> None:
    assert post(aws, keys, RIGHT).status_code == 200
    asked = {name: value for name, value in {**RIGHT, **changes}.items() if value is not None}
    assert code(post(aws, keys, asked)) == (403, "AccessDenied")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"SigningAlgorithm": None}, "MissingParameter"),
        ({"SigningAlgorithm": "ES256"}, "ValidationError"),
        ({"SigningAlgorithm": "HS256"}, "ValidationError"),
        ({"Audience.member.1": None}, "MissingParameter"),
        ({"Audience.member.1": ""}, "ValidationError"),
        ({"Audience.member.1": "x" * 1001}, "ValidationError"),
        ({"Audience.member.3": "x"}, "ValidationError"),
        ({f"Audience.member.{number}": "x" for number in range(1, 12)}, "ValidationError"),
        ({"Audience": "x"}, "ValidationError"),
        ({"DurationSeconds": "59"}, "ValidationError"),
        ({"DurationSeconds": "3601"}, "ValidationError"),
        ({"DurationSeconds": "5m"}, "ValidationError"),
        ({"Tags.member.1.Key": "a"}, "ValidationError"),
        ({"Tags.member.1.Key": "a" * 129, "Tags.member.1.Value": ""}, "ValidationError"),
        (
            {f"Tags.member.{n}.{part}": "Aa"[n - 1] for n in (1, 2) for part in ("Key", "Value")},
            "InvalidParameterValue",
        ),
        ({"SubjectMode": "OriginIdentity"}, "ValidationError"),
        ({"Version": "2011-06-16"}, "ValidationError"),
    ],
)
def test_what_aws_would_not_take_is_refused(
    aws: LocalAccount, free_keys: Keys, changes: dict[str, Any], expected: str
) -> None:
    asked = {name: value for name, value in {**RIGHT, **changes}.items() if value is not None}
    assert code(post(aws, free_keys, asked)) == (400, expected)


def test_what_is_judged_is_what_runs(aws: LocalAccount, keys: Keys) -> None:
    """A request that reads as two actions, or as two audiences, gives no token by either."""
    free = {**RIGHT, "Audience.member.1": "https://other.example.com"}
    refused = [
        post(aws, keys, free, path="/?Action=GetCallerIdentity&Version=2011-06-15"),
        post(aws, keys, [("Action", "GetCallerIdentity"), *free.items()]),
        post(aws, keys, [*RIGHT.items(), ("Audience.member.1", "https://other.example.com")]),
        post(aws, keys, {}, path=f"/?{urlencode(RIGHT)}"),
        post(aws, keys, {}, path=f"/?{urlencode(RIGHT)}", method="GET"),
        post(aws, keys, free, kind="text/plain"),
        post(aws, keys, free, kind="application/x-amz-json-1.1"),
        post(aws, Keys(keys.key, keys.secret), RIGHT),
        post(aws, Keys(keys.key, "another-secret", keys.token), RIGHT),
        post(aws, Keys(ACCOUNT, "test"), RIGHT),
        post(aws, aws.user(path="/"), RIGHT),
    ]
    assert [
        answer.status_code for answer in refused if answer.status_code < 400 or "<WebIdentityToken>" in answer.text
    ] == []
    assert post(aws, keys, RIGHT, kind=f"{FORM}; charset=utf-8").status_code == 200


def test_a_token_does_not_outlast_its_session_nor_a_role_that_is_gone(aws: LocalAccount) -> None:
    aws.assume("Short-Reader")
    arn = f"arn:aws:iam::{ACCOUNT}:role/Short-Reader"
    made = aws.client("sts").assume_role(RoleArn=arn, RoleSessionName="session", DurationSeconds=900)["Credentials"]
    keys = Keys(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])
    iam = aws.client("iam")
    statement = {"Effect": "Allow", "Action": "sts:GetWebIdentityToken", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName="Short-Reader", PolicyName="tokens", PolicyDocument=document)
    assert post(aws, keys, RIGHT).status_code == 200
    assert code(post(aws, keys, {**RIGHT, "DurationSeconds": "901"})) == (403, "SessionDurationEscalationException")
    iam.delete_role_policy(RoleName="Short-Reader", PolicyName="tokens")
    assert code(post(aws, keys, RIGHT)) == (403, "AccessDenied")
    iam.delete_role(RoleName="Short-Reader")
    assert code(post(aws, keys, RIGHT)) == (403, "AccessDenied")


@pytest.fixture
def switched_back(aws: LocalAccount) -> Iterator[Any]:
    iam = aws.client("iam")
    yield iam
    try:
        iam.get_outbound_web_identity_federation_info()
    except iam.exceptions.FeatureDisabledException:
        iam.enable_outbound_web_identity_federation()


def test_the_account_can_be_disabled_and_enabled(aws: LocalAccount, keys: Keys, switched_back: Any) -> None:
    iam = switched_back
    found = iam.get_outbound_web_identity_federation_info()
    assert (found["IssuerIdentifier"], found["JwtVendingEnabled"]) == (ISSUER, True)
    with pytest.raises(iam.exceptions.FeatureEnabledException):
        iam.enable_outbound_web_identity_federation()
    iam.disable_outbound_web_identity_federation()
    for refused in (iam.disable_outbound_web_identity_federation, iam.get_outbound_web_identity_federation_info):
        with pytest.raises(iam.exceptions.FeatureDisabledException):
            refused()
    with pytest.raises(ClientError, match="OutboundWebIdentityFederationDisabledException"):
        sts(aws, keys).get_web_identity_token(Audience=[AUDIENCE], SigningAlgorithm="RS256", DurationSeconds=300)
    assert iam.enable_outbound_web_identity_federation()["IssuerIdentifier"] == ISSUER
    assert post(aws, keys, RIGHT).status_code == 200
