"""What the local AWS takes: calls that are signed, for the services that it serves; and nothing else of ministack."""

from __future__ import annotations

import gzip
import io
import json
import re
import secrets
import zipfile
from typing import Any
from urllib.parse import quote

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest
import requests

from tests.emulator.chain import ACCOUNT, REGION, LocalAccount

ROOT_OF = "Credential={account}/20261128/us-east-1/{service}/aws4_request"
SECRET = "test"
FORM = "application/x-www-form-urlencoded"
LIST = "/2015-03-31/functions"


def signed(
    url: str, service: str, *, method: str = "POST", body: str = "", host: str | None = None, secret: str = SECRET,
    **headers: str,
) -> requests.Response:  # fmt: skip
    """Sends a request that the account's owner signed, with all of its headers."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = botocore.awsrequest.AWSRequest(
        method, url, data=body, headers={**named, **({"Host": host} if host else {})}
    )
    keys = botocore.credentials.Credentials(ACCOUNT, secret)
    botocore.auth.SigV4Auth(keys, service, REGION).add_auth(request)
    return sent(method, url, body, dict(request.headers))


def sent(method: str, url: str, body: str | bytes = "", headers: dict[str, str] | None = None) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.request(method, url, data=body, headers=headers, timeout=20, allow_redirects=False)


def test_each_service_is_answered_when_its_call_is_signed(aws_url: str) -> None:
    who = signed(f"{aws_url}/", "sts", body="Action=GetCallerIdentity&Version=2011-06-15", Content_Type=FORM)
    assert f"arn:aws:iam::{ACCOUNT}:root" in who.text
    roles = signed(f"{aws_url}/", "iam", body="Action=ListRoles&Version=2010-05-08", Content_Type=FORM)
    json_form = {"Content_Type": "application/x-amz-json-1.1", "body": "{}"}
    groups = signed(f"{aws_url}/", "logs", X_Amz_Target="Logs_20140328.DescribeLogGroups", **json_form)
    rules = signed(f"{aws_url}/", "events", X_Amz_Target="AWSEvents.ListRules", **json_form)
    functions = signed(aws_url + LIST, "lambda", method="GET")
    assert [one.status_code for one in (roles, groups, rules, functions)] == [200] * 4


UNSIGNED = {
    "GET": [
        *("/_ministack/ready", "/_localstack/health", "/health", "/_ministack/health/", "/_ministack/sqs/messages"),
        *("/_ministack/ses/messages", "/_ministack/sns/sms-messages", "/_ministack/transfer/sftp-ports"),
        *("/_ministack/iot/ca.pem", "/_ministack/rds/ca.pem", "/_ministack/elasticache/ca.pem", "/_alb/x/", "/logout"),
        f"/_ministack/lambda-code/{ACCOUNT}/{REGION}/reader",
        f"/_ministack/lambda-layers/{ACCOUNT}/{REGION}/x/1/content",
        "/_aws/lambda-url/0123456789abcdef0123456789abcdef/",
        *("/_aws/execute-api/0123abcd/prod/", "/restapis/0123abcd/prod/_user_request_/", "/x/.well-known/jwks.json"),
        *("/oauth2/authorize", "/iceberg/v1/config", "/v20180820/tags/x", "/v2/", "/v4/abcdefgh12345/task", "/", LIST),
        *("/latest/meta-data/iam/security-credentials/", "/2018-06-01/runtime/invocation/next"),
    ],
    "POST": [
        *("/_ministack/reset", "/_ministack/reset?init=1", "/_ministack/config", "/_ministack/health"),
        *("/_ministack/rds/iam-auth", f"/_ministack/eks-auth/{ACCOUNT}/{REGION}/x/xxxxxxxxxxxxxxxx", "/oauth2/token"),
        *("/login", "/v2/email/outbound-emails", "/Execute", "/WriteGetObjectResponse", "/v1/apis/x/graphql", LIST),
        f"{LIST}/reader/invocations",
    ],
    "PUT": ["/_ministack/cfn-response/x", "/_ministack/cfn-signal/x", "/bucket"],
    "HEAD": ["/_ministack/health"],
    "OPTIONS": ["/", LIST],
}


@pytest.mark.parametrize(("method", "path"), [(method, path) for method in UNSIGNED for path in UNSIGNED[method]])
def test_nothing_is_answered_unsigned_or_signed_for_another_thing(aws_url: str, method: str, path: str) -> None:
    bare = sent(method, aws_url + path)
    query = ROOT_OF.format(account=ACCOUNT, service="lambda").replace("Credential", "X-Amz-Credential")
    as_root_in_query = sent(method, f"{aws_url}{path}{'&' if '?' in path else '?'}{query}")
    assert [bare.status_code, as_root_in_query.status_code] == [403, 403]
    if not path.startswith(LIST) and path != "/":
        for service in ("lambda", "iam", "s3", "execute-api"):
            assert signed(aws_url + path, service, method=method).status_code == 403
    assert not [name for name in bare.headers if name.lower().startswith("access-control-")]


@pytest.mark.parametrize("method", ["OPTIONS", "PATCH", "HEAD", "TRACE"])
def test_no_other_method_is_answered_though_it_is_signed(aws_url: str, method: str) -> None:
    assert signed(aws_url + LIST, "lambda", method=method).status_code == 403
    assert signed(f"{aws_url}/", "iam", method=method).status_code == 403


@pytest.mark.parametrize("service", ["s3", "sqs", "dynamodb", "execute-api", "states", "ssm", "none", "IAM"])
def test_no_other_service_is_served(aws_url: str, service: str) -> None:
    answer = signed(f"{aws_url}/", service, body="Action=ListRoles&Version=2010-05-08", Content_Type=FORM)
    assert answer.status_code == 403
    assert "is not served here, only events, iam, lambda, logs, sts" in answer.text or "not signed" in answer.text


@pytest.mark.parametrize(
    ("service", "target"),
    [
        ("iam", "Logs_20140328.DescribeLogGroups"),
        ("sts", "DynamoDB_20120810.ListTables"),
        ("logs", "AWSEvents.ListRules"),
        ("events", "Logs_20140328.DescribeLogGroups"),
        ("logs", "secretsmanager.ListSecrets"),
    ],
)
def test_a_call_of_another_service_than_it_is_signed_for_is_refused(aws_url: str, service: str, target: str) -> None:
    answer = signed(f"{aws_url}/", service, body="{}", X_Amz_Target=target)
    assert answer.status_code == 403
    assert f"is no call of the service {service}" in answer.text


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer x",
        "Basic dGVzdDp0ZXN0",
        f"AWS {ACCOUNT}:x",
        ROOT_OF.format(account=ACCOUNT, service="lambda"),
        f"AWS4-HMAC-SHA256 {ROOT_OF.format(account=ACCOUNT, service='lambda')}",
        f"AWS4-ECDSA-P256-SHA256 Credential={ACCOUNT}/20261128/lambda/aws4_request, SignedHeaders=host, Signature=00",
    ],
)
def test_an_authorization_that_is_not_signature_version_4_is_refused(aws_url: str, authorization: str) -> None:
    answer = sent("GET", aws_url + LIST, headers={"Authorization": authorization})
    assert (answer.status_code, answer.headers["x-amzn-errortype"]) == (403, "AccessDeniedException")
    assert "Signature Version 4" in answer.json()["message"]


@pytest.mark.parametrize("key", [ACCOUNT, "test", "999999999999"])
@pytest.mark.parametrize("service", ["iam", "sts", "lambda", "logs", "events"])
def test_a_root_users_signature_is_checked_like_any(aws_url: str, key: str, service: str) -> None:
    path = LIST if service == "lambda" else "/"
    forged = (
        f"AWS4-HMAC-SHA256 {ROOT_OF.format(account=key, service=service)}, SignedHeaders=host, Signature={'0' * 64}"
    )
    targets = {"logs": "Logs_20140328.DescribeLogGroups", "events": "AWSEvents.ListRules"}
    actions = {"iam": "Action=ListRoles&Version=2010-05-08", "sts": "Action=GetCallerIdentity&Version=2011-06-15"}
    headers = {"Authorization": forged, "X-Amz-Date": "20261128T000000Z", "Content-Type": FORM}
    if service in targets:
        headers["X-Amz-Target"] = targets[service]
    method = "GET" if service == "lambda" else "POST"
    answer = sent(method, aws_url + path, actions.get(service, ""), headers)
    assert answer.status_code in {400, 403}
    assert re.search("Signature|security token|expired", answer.text)


def test_a_wrong_secret_of_root_is_refused_and_the_right_one_is_not(aws_url: str) -> None:
    body = "Action=GetCallerIdentity&Version=2011-06-15"
    for secret, status in (("test", 200), ("tes", 403), ("", 403)):
        answer = signed(f"{aws_url}/", "sts", body=body, secret=secret, Content_Type=FORM)
        assert answer.status_code == status
    assert "SignatureDoesNotMatch" in answer.text


def test_the_web_identity_call_is_the_only_unsigned_one(aws_url: str) -> None:
    base = "Version=2011-06-15&RoleArn=arn:aws:iam::1:role/x&RoleSessionName=s&WebIdentityToken=x"
    headers = {"Content-Type": FORM}
    taken = sent("POST", f"{aws_url}/", f"Action=AssumeRoleWithWebIdentity&{base}", headers)
    assert "The request is not signed" not in taken.text
    packed = io.BytesIO()
    with gzip.GzipFile("&Action=AssumeRoleWithWebIdentity&", "wb", fileobj=packed) as file:
        file.write(b"Action=AssumeRoleWithSAML")
    for body, more in (
        (f"Action=AssumeRoleWithSAML&{base}", {}),
        ("Action=CreateRole&RoleName=x", {}),
        (f"Action=AssumeRoleWithWebIdentity&Action=CreateRole&{base}", {}),
        (f"{base}", {}),
        ("", {}),
        (f"Action=AssumeRoleWithWebIdentity&{base}", {"Content-Type": "text/plain"}),
        (f"Action=AssumeRoleWithWebIdentity&{base}", {"X-Amz-Target": "AWSEvents.ListRules"}),
        (packed.getvalue(), {"Content-Encoding": "gzip"}),
        (f"Action=AssumeRoleWithWebIdentity&{base}&Pad={'x' * 65536}", {}),
    ):
        refused = sent("POST", f"{aws_url}/", body, {**headers, **more})
        assert (refused.status_code, "The request is not signed" in refused.text) == (403, True), body[:60]
    in_query = sent("POST", f"{aws_url}/?Action=AssumeRoleWithWebIdentity&{base}", "", headers)
    assert in_query.status_code == 403


def test_a_host_of_sts_is_taken_for_the_question_who_signed_alone(aws_url: str) -> None:
    host, query = f"sts.{REGION}.amazonaws.com", "?Action=GetCallerIdentity&Version=2011-06-15"
    for name in (host, "sts.amazonaws.com"):
        assert f":iam::{ACCOUNT}:root" in signed(f"{aws_url}/{query}", "sts", host=name).text
    for name in (
        "attacker.example",
        f"{host}.attacker.example",
        f"iam.{host}",
        f"{host}:80",
        "sts.a.b.amazonaws.com",
        "sts.s3.amazonaws.com",
    ):
        assert signed(f"{aws_url}/{query}", "sts", host=name).status_code == 421
    for answer in (
        signed(f"{aws_url}/", "sts", host=host, body=query[1:], Content_Type=FORM),
        signed(f"{aws_url}/{query}&x=y", "sts", host=host),
        signed(f"{aws_url}/{query}", "sts", host=host, method="GET"),
        signed(f"{aws_url}/{query}", "sts", host=host, body="Action=AssumeRole", Content_Type=FORM),
        signed(f"{aws_url}{LIST}", "lambda", host=host, method="GET"),
        signed(f"{aws_url}/_ministack/reset", "sts", host=host),
    ):
        assert answer.status_code == 421
    for header in ({"Origin": "http://attacker.example"}, {"Sec_Fetch_Site": "same-origin"}):
        assert signed(f"{aws_url}/{query}", "sts", host=host, **header).status_code == 403
    assert sent("POST", f"{aws_url}/{query}", "", {"Host": host}).status_code == 403


@pytest.fixture(scope="module")
def package(aws: LocalAccount) -> str:
    """The address of a function's package, as AWS gives it."""
    name = f"packaged-{secrets.token_hex(4)}"
    functions = aws.function(name, {"main.py": "def handler(event, context): return 1"})
    return str(functions.get_function(FunctionName=name)["Code"]["Location"])


def test_a_package_is_given_at_the_address_that_aws_gave_and_at_no_other(package: str) -> None:
    assert zipfile.ZipFile(io.BytesIO(sent("GET", package).content)).namelist() == ["main.py"]
    bare, _, query = package.partition("?")
    for address in (
        bare,
        f"{bare}?X-Amz-Signature=ministack-local-presigned",
        f"{bare}?X-Amz-Signature=",
        f"{bare}-2?{query}",
        f"{package}&X-Amz-Signature=x",
        f"{bare}?X-Amz-Signature={quote('é')}",
    ):
        assert sent("GET", address).status_code == 403
    assert sent("POST", package).status_code == 403
    assert sent("GET", package, headers={"Origin": "http://attacker.example"}).status_code == 403


def test_a_refusal_is_written_in_the_words_of_the_service(aws_url: str) -> None:
    client: Any = boto3.client(
        "events", endpoint_url=aws_url, region_name=REGION, aws_access_key_id=ACCOUNT, aws_secret_access_key="test"
    )

    def as_a_page(request: Any, **_: object) -> None:
        request.headers["Origin"] = "null"

    client.meta.events.register("before-send", as_a_page)
    with pytest.raises(client.exceptions.ClientError, match=r"AccessDeniedException.*no web page may call"):
        client.list_rules()
    in_xml = sent("POST", f"{aws_url}/", "Action=ListRoles", {"Content-Type": FORM, "Origin": "null"})
    assert "<Code>AccessDenied</Code>" in in_xml.text
    assert json.loads(sent("GET", aws_url + LIST).text)["__type"] == "AccessDeniedException"
