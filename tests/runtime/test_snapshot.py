"""SnapStart: what is in the memory that becomes the snapshot, and what each process does that goes on from it."""

from __future__ import annotations

import itertools
import json
import urllib.parse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.http_server import json_answer
from tests.runtime.conftest import IN_CONTAINER, PackagedFunction
from tests.runtime.credentials_endpoint import SESSION, TOKEN, CredentialsEndpoint
from tests.runtime.google_stand_in import (
    ACCESS_TOKEN,
    FEDERATED_TOKEN,
    IMPERSONATION_PATH,
    QUERY_PATH,
    TOKEN_PATH,
    GoogleStandIn,
)

RUNNER = Path(__file__).with_name("snapshot_runner.py")
SECRETS = [SESSION["AccessKeyId"], SESSION["SecretAccessKey"], SESSION["Token"], FEDERATED_TOKEN, ACCESS_TOKEN]


def started(function: PackagedFunction, *, times: int, environ: Mapping[str, str | None]) -> dict[str, Any]:
    """What a process holds after its import, and what those do that go on from there."""
    request = {"times": times, "secrets": [secret[::-1] for secret in SECRETS]}
    done = function.run(RUNNER, request, environ=environ)
    assert (done.returncode, done.stderr) == (0, "")
    report: dict[str, Any] = json.loads(function.report.read_text())
    return report


def in_lambda(endpoint: CredentialsEndpoint, initialization: str) -> dict[str, str | None]:
    return {
        **IN_CONTAINER,
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": endpoint.url,
        "AWS_LAMBDA_INITIALIZATION_TYPE": initialization,
    }


def test_no_credential_is_in_the_snapshot_and_each_restored_process_gets_its_own(
    function: PackagedFunction, google: GoogleStandIn, endpoint: CredentialsEndpoint
) -> None:
    sessions, tokens = itertools.count(1), itertools.count(1)
    endpoint.answer = lambda _: json_answer({**SESSION, "Token": f"{SESSION['Token']}-{next(sessions)}"})
    google.impersonation = lambda _: json_answer(
        {"accessToken": f"{ACCESS_TOKEN}-{next(tokens)}", "expireTime": "2999-01-01T00:00:00Z"}
    )
    report = started(function, times=2, environ=in_lambda(endpoint, "snap-start"))
    assert report["held"] == []
    assert [process["returned"] for process in report["restored"]] == ["restored", "restored"]
    # The control: what isn't found above is found in a process that has it.
    assert all(ACCESS_TOKEN[::-1] in process["held"] for process in report["restored"])
    assert google.paths == [TOKEN_PATH, IMPERSONATION_PATH, QUERY_PATH] * 2
    assert endpoint.sent == [TOKEN, TOKEN]
    assert [sent.authorization for sent in google.sent[2::3]] == [f"Bearer {ACCESS_TOKEN}-{n}" for n in (1, 2)]
    subjects = [json.loads(urllib.parse.unquote(sent.form["subject_token"][0])) for sent in google.sent[::3]]
    signed_with = [
        next(header["value"] for header in subject["headers"] if header["key"] == "x-amz-security-token")
        for subject in subjects
    ]
    assert signed_with == [f"{SESSION['Token']}-{n}" for n in (1, 2)]


def test_a_restored_process_has_nothing_of_the_package_left_to_import(
    function: PackagedFunction, endpoint: CredentialsEndpoint
) -> None:
    (process,) = started(function, times=1, environ=in_lambda(endpoint, "snap-start"))["restored"]
    ours = ("keyless_bigquery", "google", "requests", "urllib3", "certifi", "idna")
    assert [name for name in process["imported"] if name.startswith(ours)] == []


def test_started_on_demand_the_same_process_does_hold_a_token(
    function: PackagedFunction, google: GoogleStandIn, endpoint: CredentialsEndpoint
) -> None:
    report = started(function, times=0, environ=in_lambda(endpoint, "on-demand"))
    assert ACCESS_TOKEN[::-1] in report["held"]
    assert google.paths == [TOKEN_PATH, IMPERSONATION_PATH]
