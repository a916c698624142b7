"""Waiting for an API that a run enabled: which errors are waited for, how long, and what is shown meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from federation_emulator.core.errors import service_disabled
from keyless_bigquery.components.propagation import Propagation, Refusal, is_made, pause_seconds

IAM, BIGQUERY = "iam.googleapis.com", "bigquery.googleapis.com"
MESSAGE = service_disabled(service=IAM, title="Identity and Access Management (IAM) API", project_number="123").message
OFF = f"Error creating WorkloadIdentityPool: googleapi: Error 403: {MESSAGE}"
DETAILS = """googleapi: Error 403: Turned off.
Details:
[{
    "@type": "type.googleapis.com/google.rpc.ErrorInfo",
    "domain": "googleapis.com",
    "metadata": {
      "consumer": "projects/my-project",
      "service": "bigquery.googleapis.com"
    },
    "reason": "SERVICE_DISABLED"
}]"""


class Time:
    """A clock that moves only when it is slept by."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)
        self.slept.append(seconds)
        self.now += seconds


def waiting(time: Time, shown: Callable[[str], None] = lambda _line: None) -> Propagation:
    return Propagation(report=shown, now=lambda: time.now, sleep=time.sleep)


@pytest.mark.parametrize(
    ("error", "refusal"),
    [
        pytest.param(OFF, Refusal(api=IAM, project="123"), id="the message"),
        pytest.param(f"{OFF}, accessNotConfigured", Refusal(api=IAM, project="123"), id="as BigQuery sends it"),
        pytest.param(DETAILS, Refusal(api=BIGQUERY, project="my-project"), id="the details alone"),
        pytest.param("googleapi: Error 403: Permission 'iam.x' denied on resource", None, id="a missing permission"),
        pytest.param(
            DETAILS.replace("SERVICE_DISABLED", "RATE_LIMIT_EXCEEDED"), None, id="too many calls of the same API"
        ),
        pytest.param("googleapi: Error 503: The service is currently unavailable.", None, id="a failure"),
    ],
)
def test_only_an_api_that_is_off_is_read_as_one(error: str, refusal: Refusal | None) -> None:
    assert Refusal.read(error) == refusal


@pytest.mark.parametrize(
    ("error", "made"),
    [
        (OFF, False),
        (f"googleapi: Error 403: {MESSAGE}", False),
        (f"Error applying IAM policy for project: googleapi: Error 403: {MESSAGE}", False),
        (f'Error when reading or editing Dataset "a": googleapi: Error 403: {MESSAGE}', True),
        (f"Error waiting to create WorkloadIdentityPool: googleapi: Error 403: {MESSAGE}", True),
    ],
)
def test_a_create_whose_first_request_succeeded_is_not_made_again_and_an_update_is(error: str, made: bool) -> None:
    assert is_made(error) is made
    for creates in (True, False):
        propagation = waiting(Time())
        propagation.enabled(IAM)
        assert asyncio.run(propagation.wait(error, creates=creates)) is not (made and creates)


def test_an_api_that_this_run_did_not_enable_is_not_waited_for() -> None:
    time, shown = Time(), list[str]()
    propagation = waiting(time, shown.append)
    propagation.enabled(BIGQUERY)
    assert asyncio.run(propagation.wait(OFF, creates=True)) is False
    assert (time.slept, shown) == ([], [])


def test_each_wait_is_shown_with_api_project_and_time_and_the_last_ends_in_an_error_with_the_fix() -> None:
    time, shown, tries = Time(), list[str](), 0
    propagation = waiting(time, shown.append)
    propagation.enabled(IAM)

    async def keep_failing() -> None:
        nonlocal tries
        while await propagation.wait(OFF, creates=True):
            tries += 1

    with pytest.raises(TimeoutError) as gave_up:
        asyncio.run(keep_failing())
    assert time.now - 1000 == 300
    assert tries == len(shown) == len(time.slept) < 100, "the engine itself tries at most 100 times"
    assert all(line.startswith("waiting for iam.googleapis.com in project 123: enabled ") for line in shown)
    assert "enabled 0 s ago" in shown[0]
    assert "next try in 5 s, for 300 s in all" in shown[0]
    told = str(gave_up.value)
    assert "iam.googleapis.com was enabled 300 s ago, and in project 123 it still answers that it is off" in told
    assert "run `pulumi up` again" in told
    assert told.endswith("gcloud services enable iam.googleapis.com --project=123")
    with pytest.raises(TimeoutError, match="the other error for it has the fix"):
        asyncio.run(propagation.wait(OFF, creates=True))


def test_an_api_that_took_a_call_and_refuses_again_is_waited_for_again() -> None:
    propagation = waiting(Time())
    propagation.enabled(IAM)
    for _ in range(2):
        assert asyncio.run(propagation.wait(OFF, creates=True)) is True


def test_resources_that_fail_together_wait_together_and_are_shown_once() -> None:
    time, shown = Time(), list[str]()
    propagation = waiting(time, shown.append)
    for api in (IAM, BIGQUERY):
        propagation.enabled(api)

    async def together() -> list[bool]:
        errors = (OFF, OFF, DETAILS, OFF.replace("project=123", "project=456"), OFF)
        return await asyncio.gather(*(propagation.wait(error, creates=True) for error in errors))

    assert asyncio.run(together()) == [True] * 5
    assert [line.partition(":")[0] for line in shown] == [
        f"waiting for {IAM} in project 123",
        f"waiting for {BIGQUERY} in project my-project",
        f"waiting for {IAM} in project 456",
    ]


@pytest.mark.parametrize(("elapsed", "pause"), [(0, 5), (20, 5), (60, 15), (120, 30), (290, 30)])
def test_pauses_grow_within_bounds(elapsed: float, pause: float) -> None:
    assert pause_seconds(elapsed) == pause
