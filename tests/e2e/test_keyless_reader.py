"""Whole functions in a program of a user's own, one of them served to another language: each reads its own table."""

from __future__ import annotations

import runpy
import sys
from importlib import metadata
from pathlib import Path

import pulumi
import pytest

from pulumi_offline.engine.workspace import Workspace
from pulumi_offline.stack_harness import StackHarness
from tests.e2e.test_federated_role import dataset_of_tables

NAME = "keyless-bigquery"
"""The package's name. Its host is not imported here: its protobuf files and Google's can't both be loaded."""

PROGRAM = Path(__file__).parents[1] / "components" / "programs" / "whole_functions.py"


@pytest.mark.timeout(300)
def test_both_read_a_row_a_second_up_changes_nothing_and_a_destroy_leaves_nothing(
    deployed: StackHarness, stage_folder: Path
) -> None:
    version, plugin = metadata.version(NAME), Path(sys.executable).with_name(f"pulumi-resource-{NAME}")
    Workspace(stage_folder).lay_in(NAME, version=version, command=[str(plugin)])
    dataset_of_tables(deployed, "shop_of_a_program", "users")
    before = deployed.holdings()
    own = deployed.beside("whole")
    own.stack.workspace.program = run_program
    own.up()
    own.put_rows([{"user_id": 1, "name": "Ada"}], reader="audit")
    assert own.invoke(reader="audit").log.count("Ada") == 1
    assert own.invoke(reader="orders").log.count("of users") == 1
    assert set(own.up()) == {"same"}
    own.destroy()
    assert deployed.holdings() == before


def run_program() -> None:
    # Answers for each resource, as one that sets labels does.
    pulumi.runtime.register_resource_transform(lambda args: pulumi.ResourceTransformResult(args.props, args.opts))
    runpy.run_path(str(PROGRAM), run_name="__main__")
