"""What an answer of either cloud is taken for, and that no look lasts for ever or says too much."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import boto3
import pytest

from keyless_tools.doctor import package_file
from keyless_tools.doctor.answer import Absent, Answer, Found, Silent
from keyless_tools.doctor.aws_api import AwsApi
from keyless_tools.doctor.google_api import TOKEN_VARIABLE, CredentialsError, credentials_from
from keyless_tools.doctor.look import Clouds
from keyless_tools.doctor.package_file import read_from_package
from keyless_tools.doctor.walk import walk
from tests.doctor.healthy import CHAIN
from tests.doctor.test_reasons import PERMISSION
from tests.doctor.users import google_api
from tests.http_server import Answer as HttpAnswer
from tests.http_server import serving

NOWHERE = "http://127.0.0.1:1"


def test_only_reading_methods_are_ever_posted() -> None:
    api = google_api(NOWHERE, "token")
    with pytest.raises(ValueError, match="the doctor only reads"):
        api.look("iam", "/v1/projects/p/serviceAccounts/a:setIamPolicy", permission=PERMISSION, question={})


def test_a_host_that_does_not_answer_or_answers_nonsense_is_reported() -> None:
    silent = google_api(NOWHERE, "token").look("iam", "/v1/x", permission=PERMISSION)
    with serving(HttpAnswer(body=b"<html>")) as server:
        nonsense = google_api(server.url, "token").look("iam", "/v1/x", permission=PERMISSION)
    assert silent == Silent(why=f"{NOWHERE}: it does not answer (ConnectionError)")
    assert nonsense == Silent(why="iam answered 200 with something that is not Google's: a proxy's?")


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (200, b"", "iam answered 200 with something that is not Google's: a proxy's?"),
        (403, b"<html>", "iam answered 403 with something that is not Google's: a proxy's?"),
        (403, b'{"blocked": true}', "iam answered 403 with something that is not Google's: a proxy's?"),
        (404, b"{}", "iam answered 404 with something that is not Google's: a proxy's?"),
        (407, b"<html>", "iam: the proxy refused (407)"),
        (503, b"[]", "iam answered 503 with something that is not Google's: a proxy's?"),
    ],
)
def test_an_answer_that_is_not_googles_is_never_taken_for_googles(status: int, body: bytes, why: str) -> None:
    with serving(HttpAnswer(status=status, body=body)) as server:
        assert google_api(server.url, "token").look("iam", "/v1/x", permission=PERMISSION) == Silent(why=why)


def test_a_proxy_that_refuses_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(HttpAnswer(status=407)) as server:
        monkeypatch.setenv("HTTPS_PROXY", server.url.replace("http://", "http://me:password@"))
        monkeypatch.setenv("NO_PROXY", "")
        found = google_api("https://iam.example.invalid", "token").look("iam", "/v1/x", permission=PERMISSION)
    assert found == Silent(why="https://iam.example.invalid: the proxy refused (407)")


def test_a_redirect_is_not_followed_with_the_token() -> None:
    with serving(HttpAnswer(status=302, headers={"Location": f"{NOWHERE}/elsewhere"})) as server:
        found = google_api(server.url, "token").look("iam", "/v1/x", permission=PERMISSION)
    assert found == Silent(why="iam answered 302 with something that is not Google's: a proxy's?")


def test_the_token_of_the_environment_comes_before_any_other_credentials() -> None:
    assert credentials_from({TOKEN_VARIABLE: "one"}).token == "one"


def test_without_google_credentials_the_other_cloud_is_still_looked_at(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("HOME", "CLOUDSDK_CONFIG"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    with pytest.raises(CredentialsError, match="gcloud auth application-default login") as error:
        credentials_from({})
    with serving(HttpAnswer(status=403, body=b"{}", headers={"x-amzn-errortype": "AccessDeniedException"})) as server:
        findings = walk(CHAIN, Clouds(google=str(error.value), aws=aws(server.url)).look(CHAIN))
    message = {finding.link.value: finding.actual for finding in findings}
    assert "gcloud auth application-default login" in message["pool"]
    assert message["function"].endswith("you lack the permission lambda:GetFunction")


def aws(url: str) -> AwsApi:
    session = boto3.Session(aws_access_key_id="key", aws_secret_access_key="secret", region_name="us-east-1")
    return AwsApi(session, endpoint=url)


@pytest.mark.parametrize("status", [200, 302, 403, 407, 503])
def test_an_answer_that_is_not_awss_is_never_taken_for_awss(status: int) -> None:
    page = HttpAnswer(status=status, body=b"<html>", headers={"Content-Type": "text/html"})
    with serving(page) as server:
        asked = aws(server.url)
        found = {
            asked.function("f"),
            asked.role("r"),
            asked.log_group("g"),
            asked.function_policy("f", ""),
            asked.account(),
        }
    assert [one.why.partition(" with ")[2] for one in found if isinstance(one, Silent)] == [
        "something that is not AWS's: a proxy's?"
    ] * len(found)


def test_an_aws_that_does_not_answer_is_reported() -> None:
    found = aws(NOWHERE).role("r")
    assert isinstance(found, Silent)
    assert found.why.startswith("AWS can't be asked: ")


def packed(**files: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return content.getvalue()


@pytest.mark.parametrize(
    ("status", "body", "taken_for"),
    [
        (200, packed(named="text"), Found(value="text")),
        (200, packed(other="text"), Absent()),
        (200, b"no zip", Silent(why="the package, or named in it, can't be read (BadZipFile)")),
        (403, packed(named="text"), Silent(why="the package can't be downloaded (HTTPError)")),
        (302, b"", Silent(why="the package, or named in it, can't be read (BadZipFile)")),
    ],
)
def test_one_file_is_read_out_of_a_package(status: int, body: bytes, taken_for: Answer[str]) -> None:
    with serving(HttpAnswer(status=status, body=body, headers={"Location": f"{NOWHERE}/elsewhere"})) as server:
        assert read_from_package(f"{server.url}/?X-Amz-Signature=secret", "named") == taken_for


def test_a_package_is_read_within_bounds_whatever_is_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package_file, "MOST_PACKAGE_BYTES", 1000)
    with serving(HttpAnswer(body=bytes(2000))) as server:
        large = read_from_package(server.url, "named")
    with serving(HttpAnswer(body=packed(named="x" * 10_000_000))) as server:
        monkeypatch.setattr(package_file, "MOST_PACKAGE_BYTES", 100_000)
        swollen = read_from_package(server.url, "named")
    assert large == Silent(why="the package is larger than 1000 bytes, or took 60 s")
    assert isinstance(swollen, Found)
    assert len(swollen.value) == package_file.MOST_FILE_BYTES
