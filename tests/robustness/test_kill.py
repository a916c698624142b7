"""What a person types, cut off in the middle of ``pulumi up``: recover, refresh and up converge, and nothing is left.

The plain command line with the environment that ``make local-cloud`` prints.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from federation_emulator.client.cloud import LocalCloud
from federation_emulator.servers.process import command_line, family
from keyless_bigquery.components.program import ROOT
from keyless_tools.lifecycle.imports import MADE_ONCE
from pulumi_offline.engine.pins import project_name
from pulumi_offline.shell import prepare, variables
from tests.emulator.chain import LocalAccount

KILLS = int(os.environ.get("KEYLESS_KILLS", "1"))
"""`make soak` kills ten times."""

SEED = int(os.environ.get("KEYLESS_SEED", "1"))
LIMIT_SECONDS = 60.0
UP = ("up", "--yes", "--skip-preview")
TRACKED = ROOT / "Pulumi.local.yaml"


@pytest.fixture(scope="module")
def cloud() -> Iterator[LocalCloud]:
    before = TRACKED.read_bytes()
    with LocalCloud.start() as running:
        prepare(running.folder, running.endpoints)
        pulumi(running, "stack", "init", "local")
        yield running
    assert TRACKED.read_bytes() == before, "the command line changed a tracked file"


def shell(cloud: LocalCloud) -> dict[str, str]:
    return {**os.environ, **variables(cloud.folder, cloud.endpoints), "PULUMI_STACK": "local"}


def pulumi(cloud: LocalCloud, *arguments: str) -> str:
    finished = subprocess.run(
        ["pulumi", *arguments], cwd=ROOT, env=shell(cloud), capture_output=True, text=True, timeout=120, check=False
    )
    assert finished.returncode == 0, f"pulumi {arguments}: {finished.stdout + finished.stderr}"
    return finished.stdout


def recover(cloud: LocalCloud, *options: str) -> str:
    command = [sys.executable, "-m", "keyless_tools", "recover", "local", *options]
    finished = subprocess.run(
        command, cwd=ROOT, env=shell(cloud), capture_output=True, text=True, timeout=120, check=False
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


def converges(cloud: LocalCloud) -> None:
    """Refresh and up succeed, a second up has nothing to do, and destroy leaves nothing."""
    pulumi(cloud, "refresh", "--yes", "--skip-preview")
    pulumi(cloud, *UP)
    pulumi(cloud, "up", "--yes", "--expect-no-changes")
    assert "keyless-bigquery-local" in pulumi(cloud, "stack", "output", "function_name")
    pulumi(cloud, "destroy", "--yes", "--skip-preview")
    resources = cloud.resources()
    assert [resources[kind] for kind in ("pools", "providers", "serviceAccounts", "datasets")] == [[], [], [], {}]
    assert [aws(cloud, "lambda").list_functions()["Functions"], aws(cloud, "iam").list_roles()["Roles"]] == [[], []]


def aws(cloud: LocalCloud, service: str) -> Any:
    return LocalAccount(cloud.aws_url, cloud.aws_account_id).client(service)


def killed_up(cloud: LocalCloud, pause: float, made: Callable[[], bool]) -> None:
    """Starts an up and kills the engine a little after something is there."""
    deadline = time.monotonic() + LIMIT_SECONDS
    with subprocess.Popen(
        ["pulumi", *UP],
        cwd=ROOT,
        env=shell(cloud),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as engine:
        while not made():
            assert engine.poll() is None, "the up ended before it could be killed"
            assert time.monotonic() < deadline, "nothing was made in time"
        started = family(engine.pid)
        until = time.monotonic() + pause
        while time.monotonic() < until:
            made()
        os.killpg(engine.pid, signal.SIGKILL)
    for pid in started:
        # Pulumi's own language host looks for its engine every five minutes only.
        if "pulumi-language-python" in command_line(pid):
            os.kill(pid, signal.SIGKILL)
    while left := [line for line in map(command_line, started) if line]:
        assert time.monotonic() < deadline, f"still there after the engine was killed: {left}"


@pytest.mark.soak
@pytest.mark.timeout(60 + 150 * KILLS)
def test_after_a_killed_engine_recover_refresh_and_up_converge_and_no_plugin_stays(cloud: LocalCloud) -> None:
    chance = random.Random(SEED)  # noqa: S311  (moments, not secrets)
    assert "[unknown]" in pulumi(cloud, "preview", "--diff"), "a first preview works with what it can't know yet"
    for _ in range(KILLS):
        # That moment is the middle of the work.
        killed_up(cloud, chance.uniform(0, 0.5), lambda: bool(aws(cloud, "iam").list_roles()["Roles"]))
        recover(cloud)
        converges(cloud)


def roles(cloud: LocalCloud) -> list[str]:
    return [role["RoleName"] for role in aws(cloud, "iam").list_roles()["Roles"]]


def google(kind: str, end: str) -> Callable[[LocalCloud], bool]:
    """Whether the local Google has something whose name ends so, or begins so before an @."""
    return lambda cloud: any(end in json.dumps(one) for one in cloud.resources()[kind])


REPLACEMENTS: dict[str, tuple[str, Callable[[LocalCloud], bool]]] = {
    "roleName": ("Other-Role", lambda cloud: "Other-Role" in roles(cloud)),
    "serviceAccountId": ("other-reader", google("serviceAccounts", "other-reader@")),
    "poolId": ("other-pool", google("pools", "/other-pool")),
}
"""Settings whose change replaces something, another value of each, and when that is there."""


@pytest.mark.soak
@pytest.mark.timeout(60 + 200 * KILLS)
@pytest.mark.parametrize("setting", REPLACEMENTS)
def test_after_an_engine_killed_in_a_replacement_recover_refresh_and_up_converge(
    cloud: LocalCloud, setting: str
) -> None:
    chance = random.Random(SEED)  # noqa: S311  (moments, not secrets)
    value, made = REPLACEMENTS[setting]
    for _ in range(KILLS):
        pulumi(cloud, *UP)
        pulumi(cloud, "config", "set", setting, value)
        try:
            killed_up(cloud, chance.uniform(0, 0.05), lambda: made(cloud))
            recover(cloud)
            converges(cloud)
        finally:
            pulumi(cloud, "config", "rm", setting)


def kill_the_servers_in_an_up(cloud: LocalCloud, chance: random.Random) -> None:
    """Starts an up, kills the local cloud a little after the pool is there, and waits for the engine to give up."""
    deadline = time.monotonic() + LIMIT_SECONDS
    with subprocess.Popen(
        ["pulumi", *UP], cwd=ROOT, env=shell(cloud), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as engine:
        while not cloud.resources()["pools"]:
            assert engine.poll() is None, "the up ended before its servers could be killed"
            assert time.monotonic() < deadline, "no pool was made in time"
        until = time.monotonic() + chance.uniform(0, 0.5)
        while time.monotonic() < until:
            cloud.resources()
        os.kill(cloud.pid, signal.SIGKILL)
        assert engine.wait(LIMIT_SECONDS) != 0


@pytest.mark.soak
@pytest.mark.timeout(60 + 200 * KILLS)
def test_after_killed_servers_that_kept_their_state_refresh_and_up_converge(tmp_path: Path) -> None:
    chance = random.Random(SEED)  # noqa: S311  (moments, not secrets)
    for number in range(KILLS):
        folder = tmp_path / f"cloud-{number}"
        with LocalCloud.start(state_directory=folder, options=["--keep"]) as killed:
            pulumi(killed, "stack", "init", "local")
            kill_the_servers_in_an_up(killed, chance)
        with LocalCloud.start(state_directory=folder, options=["--keep"]) as again:
            assert (again.google_url, again.deployer_token) == (killed.google_url, killed.deployer_token)
            assert again.resources()["pools"], "the pool was kept"
            recover(again, "--planned")
            converges(again)


@pytest.mark.soak
@pytest.mark.timeout(150)
def test_everything_that_was_made_and_never_noted_is_taken_over(cloud: LocalCloud) -> None:
    pulumi(cloud, *UP)
    state = next(Path(cloud.folder).rglob(f"stacks/{project_name()}/local.json"))
    noted = json.loads(state.read_text())
    latest = noted["checkpoint"]["latest"]
    lost = [resource for resource in latest["resources"] if resource["type"] in MADE_ONCE]
    absent = MADE_ONCE - {resource["type"] for resource in lost}
    assert absent == {"aws:lambda/alias:Alias", "aws:lambda/permission:Permission"}, "the stack has one of all others"
    forget(latest, lost)
    state.write_text(json.dumps(noted))
    recovered = recover(cloud)
    assert recovered.count("taken over") == len(lost), recovered
    converges(cloud)


def forget(latest: dict[str, Any], lost: list[dict[str, Any]]) -> None:
    """Turns a state into that of an engine killed before it noted these resources, or got to what needs them."""
    gone = {resource["urn"] for resource in lost}
    while more := {
        resource["urn"]
        for resource in latest["resources"]
        if resource["urn"] not in gone and gone & set(resource.get("dependencies") or [])
    }:
        gone |= more
    outcome = {"id", "outputs", "dependencies", "propertyDependencies"}
    latest["resources"] = [resource for resource in latest["resources"] if resource["urn"] not in gone]
    latest["pending_operations"] = [
        {"type": "creating", "resource": {name: value for name, value in one.items() if name not in outcome}}
        for one in lost
    ]
