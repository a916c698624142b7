"""The engine's private place: nothing of the user's account, plugins of the versions that the SDKs ask for."""

from __future__ import annotations

import json
import os
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest

from engine.workspace import STAND_INS, Workspace, plugin_version


@pytest.mark.parametrize("plugin", STAND_INS)
def test_plugins_have_the_versions_of_the_installed_sdks(plugin: str) -> None:
    assert plugin_version(plugin) == version(f"pulumi-{plugin}")


def test_the_engine_lists_the_stand_ins_as_installed_and_is_logged_in_to_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_ACCESS_TOKEN", "a-persons-own")
    workspace = Workspace(tmp_path)
    variables = {**os.environ, **workspace.environment()}
    command = workspace.command().command

    def run(*arguments: str) -> str:
        finished = subprocess.run(
            [command, *arguments], env=variables, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True
        )
        return finished.stdout

    installed = {plugin["name"]: plugin["version"] for plugin in json.loads(run("plugin", "ls", "--json"))}
    assert installed == {plugin: plugin_version(plugin) for plugin in STAND_INS}
    assert json.loads(run("whoami", "--json", "--verbose"))["url"] == workspace.backend.as_uri()


def test_laying_a_plugin_in_twice_changes_nothing_and_another_command_replaces_it(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    first = workspace.lay_in("gcp", version="1.0.0", command=["echo", "it's one"])
    before = first.stat()
    assert workspace.lay_in("gcp", version="1.0.0", command=["echo", "it's one"]).stat() == before
    workspace.lay_in("gcp", version="1.0.0", command=["echo", "two"])
    assert subprocess.run([first, "more"], capture_output=True, text=True, timeout=10).stdout == "two more\n"
    assert [path.name for path in first.parent.iterdir()] == ["pulumi-resource-gcp"]
