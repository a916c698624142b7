"""The local AWS runs a function as its role, with nothing of ours in sight."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from federation_emulator.servers.aws import AwsSettings, LocalAws
from tests.emulator.chain import ACCOUNT, LocalAccount

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


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAccount]:
    """An account of a local AWS that was started with variables of ours around it."""
    settings = AwsSettings(account_id=ACCOUNT, region="us-east-1", folder=tmp_path_factory.mktemp("aws"))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", "the-deployers-token")
        environment.setenv("PYTHONPATH", "/somewhere/of/ours")
        running = LocalAws.start(settings)
    try:
        running.wait(limit_seconds=20)
        yield LocalAccount(running.url)
    finally:
        running.child.stop()


@pytest.fixture(scope="module")
def functions(account: LocalAccount) -> Any:
    """Lambda, with one function named `reader`."""
    made = account.function("reader", {"main.py": CODE})
    made.get_waiter("function_active_v2").wait(FunctionName="reader", WaiterConfig={"Delay": 1, "MaxAttempts": 20})
    return made


def invoke(functions: Any) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(functions.invoke(FunctionName="reader")["Payload"].read())
    return answer


def test_a_function_stays_warm_but_another_role_starts_it_afresh_with_other_credentials(
    account: LocalAccount, functions: Any
) -> None:
    account.assume("Second")
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


def test_what_a_function_prints_comes_with_the_answer_and_is_in_its_log(account: LocalAccount, functions: Any) -> None:
    answer = functions.invoke(FunctionName="reader", LogType="Tail")
    assert "LogResult" in answer
    events = account.client("logs").filter_log_events(logGroupName="/aws/lambda/reader")["events"]
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
