"""The first ``up`` in a project whose APIs were off: Service Usage says on at once, the APIs themselves later."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pulumi
import pytest
from pulumi import automation

from federation_emulator.client.cloud import LocalCloud
from keyless_bigquery.components import enabling, propagation
from pulumi_offline.stack_harness import StackHarness
from tests.failed_runs import forget_failed_runs
from tests.living.commands import pulumi as pulumi_command

APIS = ("iam", "sts", "iamcredentials", "cloudresourcemanager", "bigquery")
WAITING = re.compile(r"waiting for (\w+)\.googleapis\.com in project 123456789012: enabled \d+ s ago")
RETRIED = "retrying create due to on-error hook request"


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackHarness]:
    with (
        LocalCloud.start(state_directory=tmp_path_factory.mktemp("cloud")) as cloud,
        StackHarness(cloud, tmp_path_factory.mktemp("harness"), name="first") as harness,
    ):
        yield harness


@pytest.fixture
def fresh(first: StackHarness, monkeypatch: pytest.MonkeyPatch) -> Iterator[StackHarness]:
    """Nothing deployed, no API on, and an API that is enabled takes calls 90 s later by the local clock."""
    monkeypatch.setattr(propagation, "SHORTEST_PAUSE_SECONDS", 0.2)
    for api in APIS:
        listed = first.google("GET", f"/v1/projects/local-keyless/services/{api}.googleapis.com")
        if listed["state"] == "ENABLED":
            switch(first, api, "disable")
    first.google("POST", "/_local/faults", {"serviceDelaySeconds": 90})
    yield first
    first.google("POST", "/_local/faults", {})
    forget_failed_runs()
    first.destroy()


def switch(harness: StackHarness, api: str, verb: str) -> None:
    harness.google("POST", f"/v1/projects/local-keyless/services/{api}.googleapis.com:{verb}", {})


def up(harness: StackHarness, *, seconds_for_each_line: int = 0) -> str:
    """What ``pulumi up`` prints. Each line of waiting moves the local clock."""
    lines: list[str] = []

    def shown(line: str) -> None:
        lines.append(line)
        if seconds_for_each_line and WAITING.search(line):
            harness.google("POST", "/_local/clock", {"advanceSeconds": seconds_for_each_line})

    harness.stack.up(on_output=shown)
    return "\n".join(lines)


def test_it_waits_for_the_apis_that_it_enabled_and_neither_preview_nor_the_next_up_for_any(fresh: StackHarness) -> None:
    assert not WAITING.search(fresh.preview().stdout)
    shown = up(fresh, seconds_for_each_line=31)
    assert {"iam", "bigquery"} <= set(WAITING.findall(shown))
    assert not {"sts", "iamcredentials"} & set(WAITING.findall(shown)), "no resource calls these"
    assert RETRIED not in shown, "nothing was tried before the API answered"
    again = up(fresh)
    assert not WAITING.search(again)
    assert RETRIED not in again


@pytest.mark.soak
def test_it_does_not_wait_where_the_apis_are_on_and_an_end_without_the_program_reports_googles_error(
    fresh: StackHarness,
) -> None:
    for api in APIS:
        switch(fresh, api, "enable")
    fresh.google("POST", "/_local/clock", {"advanceSeconds": 91})
    shown = up(fresh)
    assert not WAITING.search(shown)
    assert RETRIED not in shown
    switch(fresh, "bigquery", "disable")
    with pytest.raises(automation.CommandError) as failed:
        fresh.destroy()
    switch(fresh, "bigquery", "enable")
    fresh.google("POST", "/_local/clock", {"advanceSeconds": 91})
    assert "has not been used in project 123456789012 before" in str(failed.value)
    assert "was not registered" not in str(failed.value), "the hook is the program's, which a destroy does not run"


@pytest.mark.soak
def test_an_api_that_refuses_once_more_after_it_answered_is_waited_for_again(
    fresh: StackHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enabling, "_QUESTIONS", {})  # as if all had answered
    shown = up(fresh, seconds_for_each_line=46)
    assert {"iam", "bigquery"} <= set(WAITING.findall(shown))
    assert RETRIED in shown


@pytest.mark.soak
def test_it_ends_with_one_thread_in_the_program_that_pulumi_itself_starts(fresh: StackHarness) -> None:
    fresh.google("POST", "/_local/faults", {})
    shown = pulumi_command(fresh, "up", "--yes", "--skip-preview", "--parallel", "1").succeeded
    assert "29 created" in shown


def test_without_the_waiting_it_fails_at_the_first_refusal(
    fresh: StackHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enabling, "waiting_for_apis", lambda *_: pulumi.ResourceOptions())
    with pytest.raises(automation.CommandError, match="has not been used in project 123456789012 before"):
        up(fresh)


def test_an_api_that_stays_off_ends_in_one_error_with_the_fix(
    fresh: StackHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(propagation, "LIMIT_SECONDS", 1.5)
    with pytest.raises(automation.CommandError) as failed:
        up(fresh)
    shown = str(failed.value)
    assert (
        "iam.googleapis.com was enabled 2 s ago, and in project 123456789012 it still answers that it is off" in shown
    )
    assert "run `pulumi up` again" in shown
    fix = "gcloud services enable iam.googleapis.com --project=123456789012"
    assert shown.partition("Diagnostics:")[2].count(fix) == 1, "once for an API, however many resources call it"
