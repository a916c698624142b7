"""The local AWS runs a function as its role, with nothing of ours in sight."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from federation_emulator.servers.aws import AwsSettings, LocalAws

ACCOUNT = "210987654321"
CODE = """
import os
class Own(Exception):
    pass
RAISED = {"key": KeyError("least"), "own": Own("one: two\\nthree"), "silent": Own(), "json": ValueError("a: b")}
def handler(event, context):
    print("said by the function")
    if event.get("raise"):
        raise RAISED[event["raise"]]
    return {"pid": os.getpid(), "key": os.environ["AWS_ACCESS_KEY_ID"], "names": sorted(os.environ)}
"""


@pytest.fixture
def local_aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalAws]:
    monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", "the-deployers-token")
    monkeypatch.setenv("PYTHONPATH", "/somewhere/of/ours")
    running = LocalAws.start(AwsSettings(account_id=ACCOUNT, region="us-east-1", folder=tmp_path))
    try:
        running.wait(limit_seconds=20)
        yield running
    finally:
        running.child.stop()


def client(local_aws: LocalAws, service: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=local_aws.url,
        region_name="us-east-1",
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key="test",
    )


@pytest.fixture
def functions(local_aws: LocalAws) -> Any:
    """Lambda, with one function named `reader` under the role `First`."""
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    for role in ("First", "Second"):
        client(local_aws, "iam").create_role(
            RoleName=role, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        )
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("code.py", CODE)
    made = client(local_aws, "lambda")
    made.create_function(
        FunctionName="reader", Runtime="python3.11", Handler="code.handler", Code={"ZipFile": zipped.getvalue()},
        Role=f"arn:aws:iam::{ACCOUNT}:role/First",
    )  # fmt: skip
    made.get_waiter("function_active_v2").wait(FunctionName="reader", WaiterConfig={"Delay": 1, "MaxAttempts": 20})
    return made


def invoke(functions: Any) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(functions.invoke(FunctionName="reader")["Payload"].read())
    return answer


def test_a_function_stays_warm_but_another_role_starts_it_afresh_with_other_credentials(functions: Any) -> None:
    first, warm = invoke(functions), invoke(functions)
    assert (warm["pid"], warm["key"]) == (first["pid"], first["key"])
    functions.update_function_configuration(FunctionName="reader", Role=f"arn:aws:iam::{ACCOUNT}:role/Second")
    after = invoke(functions)
    assert after["pid"] != first["pid"]
    assert after["key"] != first["key"]


def test_a_function_sees_nothing_of_our_environment(functions: Any) -> None:
    names = invoke(functions)["names"]
    assert [name for name in names if name.startswith(("GOOGLE", "PULUMI", "KEYLESS", "PYTHONPATH", "VIRTUAL"))] == []
    assert "AWS_SESSION_TOKEN" in names


def test_what_a_function_prints_comes_with_the_answer_and_is_in_its_log(local_aws: LocalAws, functions: Any) -> None:
    answer = functions.invoke(FunctionName="reader", LogType="Tail")
    assert "LogResult" in answer
    events = client(local_aws, "logs").filter_log_events(logGroupName="/aws/lambda/reader")["events"]
    assert "said by the function" in [event["message"].strip() for event in events]


def test_what_a_function_raised_is_reported_by_its_type(functions: Any) -> None:
    found = {}
    for name in ("key", "own", "silent", "json"):
        answer = functions.invoke(FunctionName="reader", Payload=json.dumps({"raise": name}))
        report = json.loads(answer["Payload"].read())
        found[name] = (report["errorType"], report["errorMessage"])
    assert found == {
        "key": ("KeyError", "'least'"),
        "own": ("Own", "one: two\nthree"),
        "silent": ("Own", ""),
        "json": ("ValueError", "a: b"),
    }
