"""The engine's private place: nothing of the user's account, plugins of the versions that the SDKs ask for."""

from __future__ import annotations

import json
import os
import subprocess
from importlib.metadata import version
from pathlib import Path

import pulumi
import pulumi_random as random
import pytest
from pulumi import automation

from federation_emulator.servers.errors import EngineError
from pulumi_offline import attached
from pulumi_offline.engine.plugins import Mode
from pulumi_offline.engine.workspace import STAND_INS, Workspace, plugin_version
from tests.engine import foreign


@pytest.mark.parametrize("plugin", STAND_INS)
def test_plugins_have_the_versions_of_the_installed_sdks(plugin: str) -> None:
    assert plugin_version(plugin) == version(f"pulumi-{plugin}")


def test_the_engine_lists_the_stand_ins_as_installed_and_is_logged_in_to_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_ACCESS_TOKEN", "a-persons-own")
    workspace = Workspace(tmp_path, mode=Mode.STAND_IN)
    variables = {**os.environ, **workspace.environment()}
    command = workspace.command().command

    def run(*arguments: str) -> str:
        finished = subprocess.run(
            [command, *arguments], env=variables, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True
        )
        return finished.stdout

    installed = {plugin["name"]: plugin["version"] for plugin in json.loads(run("plugin", "ls", "--json"))}
    assert installed == {plugin: f"{plugin_version(plugin)}+keyless" for plugin in STAND_INS}
    assert json.loads(run("whoami", "--json", "--verbose"))["url"] == workspace.backend.as_uri()


def test_laying_a_plugin_in_twice_changes_nothing_and_another_command_replaces_it(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    first = workspace.lay_in("gcp", version="1.0.0", command=["echo", "it's one"])
    before = first.stat()
    assert workspace.lay_in("gcp", version="1.0.0", command=["echo", "it's one"]).stat() == before
    workspace.lay_in("gcp", version="1.0.0", command=["echo", "two"])
    assert subprocess.run([first, "more"], capture_output=True, text=True, timeout=10).stdout == "two more\n"
    assert [path.name for path in first.parent.iterdir()] == ["pulumi-resource-gcp"]


@pytest.mark.parametrize("foreign_bytes", [b"\x7fELF\xff\xfe", b"#!/bin/sh\nexec true\n", b""])
def test_what_is_not_a_launcher_of_ours_is_left_alone_even_in_our_own_folder(
    tmp_path: Path, foreign_bytes: bytes
) -> None:
    workspace = Workspace(tmp_path)
    launcher = workspace.lay_in("gcp", version="1.0.0", command=["echo"])
    launcher.write_bytes(foreign_bytes)
    with pytest.raises(EngineError, match="is not a launcher of this project, and stays as it is; move it away"):
        workspace.lay_in("gcp", version="1.0.0", command=["echo"])
    assert launcher.read_bytes() == foreign_bytes


@pytest.mark.parametrize(
    ("mode", "place", "starts"),
    [
        (Mode.AUTO, "the user's home, in another version", True),
        (Mode.STAND_IN, "PATH and the workspace's own home", False),
    ],
)
def test_the_engine_runs_the_chosen_plugin_next_to_stand_ins_of_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: Mode, place: str, starts: bool
) -> None:
    """The official plugin serves what the stand-in does, and notes each of its starts."""
    user, log = tmp_path / "user", tmp_path / "log"
    workspace = Workspace(tmp_path / "workspace", mode=mode)
    script = foreign.that_serves("random", log=log)
    if "PATH" in place:
        foreign.executable(tmp_path / "bin", "random", script)
    if "user" in place:
        foreign.plugin(user, "random", "4.0.0", script)
    if "workspace" in place:
        foreign.plugin(workspace.home, "random", plugin_version("random"), script)
    monkeypatch.setenv("PULUMI_HOME", str(user))
    monkeypatch.setenv("PATH", f"{os.environ['PATH']}{os.pathsep}{tmp_path / 'bin'}")
    with attached.serving(workspace.folder, {}, mode=mode) as listening:
        attach = listening["PULUMI_DEBUG_PROVIDERS"]
    names = {one.split(":")[0] for one in attach.split(",")}
    stack = automation.create_or_select_stack(
        stack_name="test",
        project_name="plugins",
        program=lambda: pulumi.export("id", random.RandomId("one", byte_length=2).hex),
        opts=automation.LocalWorkspaceOptions(pulumi_command=workspace.command(), env_vars=workspace.environment()),
    )
    checked = log.read_text() if log.exists() else ""
    assert len(stack.up().outputs["id"].value) == 4
    assert names == {"gcp", "aws"} | (set() if starts else {"random"})
    assert (log.read_text() > checked > "") if starts else not log.exists()
