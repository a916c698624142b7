"""Up and destroy, again and again: nothing is left in either cloud, and no process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from federation_emulator.client.cloud import LocalCloud
from federation_emulator.servers.process import command_line, family
from pulumi_offline.demo.scenario import ROWS
from pulumi_offline.stack_harness import StackHarness

ROUNDS = int(os.environ.get("KEYLESS_ROUNDS", "2"))
"""`make soak` does twenty."""


@pytest.fixture
def cloud() -> Iterator[LocalCloud]:
    with LocalCloud.start() as running:
        yield running


def running() -> set[int]:
    """This process and all below it: the cloud's servers, the plugins, engines and functions."""
    return set(family(os.getpid()))


@pytest.mark.soak
@pytest.mark.timeout(60 + 60 * ROUNDS)
def test_rounds_of_up_and_destroy_leave_nothing_behind(cloud: LocalCloud, tmp_path: Path) -> None:
    with StackHarness(cloud, tmp_path) as harness:
        before, processes = harness.holdings(), running()
        for number in range(ROUNDS):
            harness.up()
            harness.put_rows(ROWS)
            assert not harness.invoke().failed
            harness.destroy()
            assert harness.holdings() == before, f"round {number}"
            assert [command_line(pid) for pid in running() - processes] == [], f"round {number}"
        resources = cloud.resources()
        assert len(resources["deletedPools"]) == ROUNDS, "a deleted pool's id stays taken, as at Google"
