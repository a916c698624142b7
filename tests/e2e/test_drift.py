"""What was changed by hand is found by the real engine, looking only."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from keyless_bigquery.components import outputs
from pulumi_offline.engine.pins import ROOT
from pulumi_offline.stack_harness import STACK, StackHarness
from tests.doctor import by_hand


def drift(stage: StackHarness, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "keyless_tools.delivery", "drift", STACK, "--folder", str(folder)],
        cwd=stage.stack.workspace.work_dir,
        env={**os.environ, **stage.stack.workspace.env_vars, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=100,
    )


def test_a_change_by_hand_is_drift_and_one_that_was_put_back_is_none(stage: StackHarness, tmp_path: Path) -> None:
    name = stage.output(outputs.FUNCTION_NAME)
    functions = stage.aws("lambda")
    memory = functions.get_function_configuration(FunctionName=name)["MemorySize"]
    before = json.dumps(stage.stack.export_stack().deployment)
    functions.update_function_configuration(FunctionName=name, MemorySize=memory * 2)
    try:
        changed = drift(stage, tmp_path)
        written = (tmp_path / f"{STACK}.drift.md").read_text()
    finally:
        functions.update_function_configuration(FunctionName=name, MemorySize=memory)
    assert changed.returncode == 1, changed.stdout + changed.stderr
    assert f"~ memorySize: {memory} => {memory * 2}" in written
    restored = drift(stage, tmp_path)
    assert restored.returncode == 0, restored.stdout + restored.stderr
    assert (tmp_path / f"{STACK}.drift.md").read_text() == ""
    with by_hand.inline_policy_added(stage):
        added = drift(stage, tmp_path)
    assert added.returncode == 1, added.stdout + added.stderr
    assert "inline policy by-hand" in (tmp_path / f"{STACK}.drift.md").read_text()
    assert json.dumps(stage.stack.export_stack().deployment) == before, "looking wrote into the state"
