"""The components for programs in other languages: the schema that the engine reads is the one that is checked in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from keyless_bigquery.components.program import ROOT
from pulumi_offline.engine.workspace import Workspace

# By the words of component/README: a name without a path is looked for in Pulumi's registry.
GET_SCHEMA = 'pulumi package get-schema "$(command -v pulumi-resource-keyless-bigquery)"'
SCHEMA = ROOT / "component" / "schema.json"


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the real engine reads from the plugin, started as an executable."""
    environment = {**os.environ, **Workspace(tmp_path_factory.mktemp("workspace")).environment()}
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment["PATH"]])
    command = ["bash", "-c", GET_SCHEMA]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=120, check=True, cwd=ROOT / "component"
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_schema_is_the_one_that_is_checked_in(schema: dict[str, Any]) -> None:
    assert schema == json.loads(SCHEMA.read_text()), f"write it anew with: {GET_SCHEMA}"


def test_the_package_has_the_name_and_version_of_the_distribution(schema: dict[str, Any]) -> None:
    assert schema["name"] == "keyless-bigquery"
    assert schema["version"] == metadata.version("keyless-bigquery")


def test_no_description_is_indented_which_markdown_takes_for_code(schema: dict[str, Any]) -> None:
    assert "\\n " not in json.dumps(schema)


def test_everything_in_it_is_described(schema: dict[str, Any]) -> None:
    for name, resource in schema["resources"].items():
        assert resource["description"], name
        for properties in (resource["inputProperties"], resource["properties"]):
            assert [key for key, value in properties.items() if not value.get("description")] == [], name
