"""Two of each component in one program: each names its children after itself, and neither has to do with the other."""

from __future__ import annotations

import json
import runpy
from collections import Counter
from pathlib import Path

import pytest
from pulumi.automation import OpType

from keyless_bigquery.components import outputs
from pulumi_offline.stack_harness import StackHarness
from tests.components.recording import record

PROGRAM = Path(__file__).parent / "programs" / "two_of_each.py"
LISTED = json.dumps([{"name": "a", "schedule": "rate(1 hour)", "tables": ["other-project.sales"]}, {"name": "b"}])


@pytest.mark.parametrize("readers", ["[]", LISTED])
def test_each_registers_what_the_other_does_under_names_that_end_in_what_its_own_name_adds(readers: str) -> None:
    stack = record({"readers": readers}, program=PROGRAM)
    kinds: dict[str, Counter[tuple[str, str]]] = {"": Counter(), "-eu": Counter()}
    for found in stack.resources:
        suffix = "-eu" if found.name.endswith("-eu") else ""
        kinds[suffix][found.type, found.name.removesuffix(suffix)] += 1
    kinds[""].subtract([("pulumi:pulumi:Stack", one) for kind, one in kinds[""] if kind == "pulumi:pulumi:Stack"])
    assert +kinds[""] == kinds["-eu"]
    first, second = stack.outputs["readers"], stack.outputs["readers-eu"]
    assert first.keys() == second.keys()
    for label in first:
        assert not [name for name in outputs.OF_READER if first[label][name] == second[label][name]]


def test_the_engine_takes_two_of_each(deployed: StackHarness) -> None:
    one, two = deployed.beside("one"), deployed.beside("two")
    two.stack.workspace.program = run_two_of_each
    planned = {stage: stage.preview().change_summary for stage in (one, two)}
    assert set(planned[two]) == {OpType.CREATE}
    assert planned[two][OpType.CREATE] == 2 * planned[one][OpType.CREATE] - 1, "of the stack itself there is one"


def run_two_of_each() -> None:
    runpy.run_path(str(PROGRAM), run_name="__main__")
