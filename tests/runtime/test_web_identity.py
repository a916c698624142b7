"""The subject token that AWS signs: asked for as AWS documents it, exchanged at once, and never shown."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import google.auth.aws
import pytest

from keyless_bigquery.runtime import credentials, token_request
from keyless_bigquery.runtime.credentials import CredentialConfiguration
from keyless_bigquery.runtime.signature import signed_headers
from keyless_bigquery.runtime.web_identity import LARGEST_ANSWER_BYTES, token_of
from keyless_bigquery.trust.subject_tokens import AwsOidc, AwsSignature
from tests.http_server import Answer, Request
from tests.runtime.conftest import AWS_SECRETS, PROVIDER, PackagedFunction, token_configuration
from tests.runtime.google_stand_in import (
    ACCESS_TOKEN,
    SUBJECT_TOKEN,
    GoogleStandIn,
    aws_error,
    token_answer,
    xml_answer,
)

AUDIENCE = f"https://iam.googleapis.com/{PROVIDER}"
STS = "sts.us-east-1.amazonaws.com"
SECRETS = (*AWS_SECRETS.values(), SUBJECT_TOKEN, ACCESS_TOKEN)


def signature_by_aws(url: str, body: bytes, *, host: str, stamp: str, region: str, token: str | None) -> str:
    """What AWS's own signer would have signed a request with."""
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Host": host, "X-Amz-Date": stamp}
    request = botocore.awsrequest.AWSRequest("POST", url, data=body, headers=headers)
    key_id, secret, _ = AWS_SECRETS.values()
    signer = botocore.auth.SigV4Auth(botocore.credentials.Credentials(key_id, secret, token), "sts", region)
    request.context["timestamp"] = stamp
    if token:
        request.headers["X-Amz-Security-Token"] = token
    return str(signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request))


@pytest.mark.parametrize(
    ("url", "host"),
    [
        (f"https://{STS}/", STS),
        (f"https://{STS}:443/", STS),
        ("https://vpce-0a-1b.sts.us-east-1.vpce.amazonaws.com/", "vpce-0a-1b.sts.us-east-1.vpce.amazonaws.com"),
        ("http://127.0.0.1:4566/", "127.0.0.1:4566"),
        ("http://localhost:80/", "localhost"),
    ],
)
@pytest.mark.parametrize("token", [AWS_SECRETS["AWS_SESSION_TOKEN"], None])
@pytest.mark.parametrize("region", ["us-east-1", "ap-southeast-7"])
def test_a_request_is_signed_as_awss_own_signer_signs_it(url: str, host: str, token: str | None, region: str) -> None:
    key_id, secret, _ = AWS_SECRETS.values()
    session = google.auth.aws.AwsSecurityCredentials(key_id, secret, token)
    body, now = token_request.body(AUDIENCE.removeprefix("https:")), datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    headers = signed_headers(session, url=url, region=region, body=body, now=now)
    expected = signature_by_aws(url, body.encode(), host=host, stamp="20260102T030405Z", region=region, token=token)
    assert headers["host"] == host
    assert headers["authorization"] == (
        f"AWS4-HMAC-SHA256 Credential={key_id}/20260102/{region}/sts/aws4_request, SignedHeaders=content-type;host;"
        f"x-amz-date{';x-amz-security-token' if token else ''}, Signature={expected}"
    )


def test_the_function_reads_rows_by_a_token_that_aws_signed(function: PackagedFunction, google: GoogleStandIn) -> None:
    environ = function.by_signed_token(google.url)
    done = function.invoke(events=({}, {}), environ=environ)
    assert [result["returned"] for result in done.results] == [{}, {}]
    issued, exchanged = google.sent[:2]
    assert google.paths.count("/") == 1, "a second invocation has the access token of the first"
    host = google.url.removeprefix("http://")
    assert (issued.method, issued.target, issued.headers["Host"]) == ("POST", "/", host)
    assert issued.form == {
        "Action": ["GetWebIdentityToken"],
        "Version": ["2011-06-15"],
        "Audience.member.1": [AUDIENCE],
        "DurationSeconds": ["300"],
        "SigningAlgorithm": ["RS256"],
    }
    stamp, token = issued.headers["x-amz-date"], AWS_SECRETS["AWS_SESSION_TOKEN"]
    signature = signature_by_aws(google.url, issued.body, host=host, stamp=stamp, region="us-east-1", token=token)
    assert str(issued.authorization).endswith(f"Signature={signature}")
    assert exchanged.form["subject_token"] == [SUBJECT_TOKEN]
    assert exchanged.form["subject_token_type"] == ["urn:ietf:params:oauth:token-type:jwt"]
    assert exchanged.form["audience"] == [f"//iam.googleapis.com/{PROVIDER}"]
    assert not [secret for secret in SECRETS if secret in done.printed]
    assert done.reached == {google.url}


def test_the_default_imports_nothing_of_it(function: PackagedFunction, google: GoogleStandIn) -> None:
    def of_it(environ: dict[str, str]) -> list[str]:
        modules = [Path(file).stem for file in function.invoke(environ=environ).report["modules"]]
        return sorted({"identity_pool", "web_identity", "ElementTree"} & set(modules))

    assert of_it({}) == []
    assert of_it(function.by_signed_token(google.url)) == ["ElementTree", "identity_pool", "web_identity"]


def test_the_program_and_the_function_call_the_two_kinds_of_token_alike() -> None:
    assert AwsSignature.token_type == credentials.SIGNED_REQUEST
    assert AwsOidc.token_type == credentials.SIGNED_TOKEN
    assert AwsSignature.credential_source["regional_cred_verification_url"] == credentials.VERIFICATION_URL
    assert token_request.SECONDS == 300


def test_a_configuration_for_a_signed_token_is_taken_without_a_source_only(tmp_path: Path) -> None:
    file = tmp_path / "credential-configuration.json"
    file.write_text(json.dumps(token_configuration("https://google.example")))
    assert CredentialConfiguration.from_file(file).content == token_configuration("https://google.example")


GOOD = token_answer(SUBJECT_TOKEN).body.decode()
TWO = "<WebIdentityToken>a.b.c</WebIdentityToken>"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no XML",
        '{"WebIdentityToken": "a.b.c"}',
        "<html><title>Sign in</title></html>",
        GOOD.replace("<GetWebIdentityTokenResponse", '<!DOCTYPE x [<!ENTITY e "a.b.c">]><GetWebIdentityTokenResponse'),
        GOOD.replace(SUBJECT_TOKEN, "&e;"),
        GOOD.replace(SUBJECT_TOKEN, f"<![CDATA[{SUBJECT_TOKEN}]]>"),
        GOOD.replace(SUBJECT_TOKEN, ""),
        GOOD.replace(SUBJECT_TOKEN, "a.b"),
        GOOD.replace(SUBJECT_TOKEN, "a.b.c.d"),
        GOOD.replace(SUBJECT_TOKEN, "a.b.c\nX-Header: y"),
        GOOD.replace(SUBJECT_TOKEN, "<b>a.b.c</b>"),
        GOOD.replace("</GetWebIdentityTokenResult>", f"{TWO}</GetWebIdentityTokenResult>"),
        GOOD.replace(
            "</GetWebIdentityTokenResult>",
            f"</GetWebIdentityTokenResult><GetWebIdentityTokenResult>{TWO}</GetWebIdentityTokenResult>",
        ),
        GOOD.replace("GetWebIdentityTokenResponse", "GetCallerIdentityResponse"),
        GOOD.replace("GetWebIdentityTokenResult", "AssumeRoleResult"),
        GOOD.replace(SUBJECT_TOKEN, f"a.b.{'c' * LARGEST_ANSWER_BYTES}"),
        GOOD[:-20],
        aws_error(200, "Code", "text").body.decode(),
    ],
)
def test_what_is_no_answer_of_aws_is_no_token_and_is_not_shown(text: str) -> None:
    for body in (text.encode(), text.encode("utf-16")):
        with pytest.raises(Exception, match="something that is no answer of AWS STS's") as refused:
            token_of(200, body, host=STS, kind="text/xml")
        assert SUBJECT_TOKEN not in str(refused.value)
    assert token_of(200, GOOD.encode(), host=STS, kind="text/xml") == SUBJECT_TOKEN


def _nothing(_: Request) -> Answer | None:
    return None


def _quoted(_: Request) -> Answer:
    text = f"Bad request\nAWS4-HMAC-SHA256 {AWS_SECRETS['AWS_SESSION_TOKEN']}"
    return aws_error(400, "ValidationError", f"{AWS_SECRETS['AWS_SECRET_ACCESS_KEY']} {SUBJECT_TOKEN} {text}")


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (
            lambda _: xml_answer("<html/>", status=502),
            "answered 502 with something that is no answer of AWS STS's (text/xml); it is needed for the subject token",
        ),
        (
            lambda _: Answer(status=302, headers={"Location": "http://127.0.0.1:9/"}),
            "needed for the subject token: it redirects elsewhere",
        ),
        (_nothing, "needed for the subject token: it closed the connection without an answer"),
        (lambda _: Answer(parts=(b"x" * 1000 for _ in range(1000))), "something that is no answer of AWS STS's"),
        (_quoted, "AWS STS refused a token for the role: 400 ValidationError: [removed]"),
    ],
)
def test_a_wrong_answer_in_the_place_of_aws_is_reported_without_what_it_quotes(
    function: PackagedFunction, google: GoogleStandIn, answer: Callable[[Request], Answer | None], says: str
) -> None:
    google.signed_token = answer
    done = function.invoke(environ=function.by_signed_token(google.url))
    assert says in done.results[0]["message"]
    # The BigQuery client asks again for a while where a connection closes, as it does when Google's STS closes one.
    assert set(google.paths) == {"/"}
    assert len(google.paths) == 1 or answer is _nothing
    assert not [secret for secret in SECRETS if secret in done.printed]


def test_a_silent_sts_ends_in_time(function: PackagedFunction, google: GoogleStandIn, silent_port: int) -> None:
    environ = {**function.by_signed_token(google.url), "AWS_ENDPOINT_URL_STS": f"http://127.0.0.1:{silent_port}"}
    (result,) = function.invoke(milliseconds=3_000, environ=environ).results
    assert result["seconds"] < 3
    assert f"127.0.0.1:{silent_port}, needed for the subject token: no answer before" in result["message"]
    assert "an endpoint of AWS STS" in result["message"]


def test_an_answer_that_drips_ends_in_time(function: PackagedFunction, google: GoogleStandIn) -> None:
    def dripping(_: Request) -> Answer:
        def parts() -> Any:
            for _ in range(100):
                yield b" "
                time.sleep(0.1)

        return Answer(parts=parts())

    google.signed_token = dripping
    (result,) = function.invoke(milliseconds=3_000, environ=function.by_signed_token(google.url)).results
    assert result["seconds"] < 3.5
    assert "needed for the subject token: it can be reached, and gave no answer" in result["message"]


@pytest.mark.parametrize(
    "address",
    ["http://sts.example", "ftp://sts.example", "https://user:password@sts.example", "https://sts.example?x=1", "sts"],
)
def test_an_endpoint_that_is_no_address_for_credentials_is_not_asked(
    function: PackagedFunction, google: GoogleStandIn, address: str
) -> None:
    environ = {**function.by_signed_token(google.url), "AWS_ENDPOINT_URL_STS": address}
    (result,) = function.invoke(environ=environ).results
    assert "configuration failed: environment variable AWS_ENDPOINT_URL_STS is invalid" in result["message"]
    assert "password" not in result["message"]
    assert google.sent == []


def test_without_an_endpoint_the_regions_own_is_asked(function: PackagedFunction, google: GoogleStandIn) -> None:
    function.by_signed_token(google.url)
    with socket.socket() as proxy:
        proxy.bind(("127.0.0.1", 0))
        environ = {"HTTPS_PROXY": f"http://127.0.0.1:{proxy.getsockname()[1]}", "AWS_REGION": "eu-central-1"}
        (result,) = function.invoke(environ=environ).results
    assert "sts.eu-central-1.amazonaws.com, needed for the subject token" in result["message"]


def test_no_session_of_the_role_is_reported_as_such(function: PackagedFunction, google: GoogleStandIn) -> None:
    environ: dict[str, str | None] = {**function.by_signed_token(google.url), **dict.fromkeys(AWS_SECRETS)}
    (result,) = function.invoke(environ=environ).results
    assert result["message"].startswith("subject token failed: AWS_ACCESS_KEY_ID")
    assert google.sent == []
