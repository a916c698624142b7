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


def drift(harness: StackHarness, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "keyless_tools.delivery", "drift", harness.stack.name, "--folder", str(folder)],
        cwd=harness.stack.workspace.work_dir,
        env={**os.environ, **harness.stack.workspace.env_vars, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=100,
    )


def test_a_change_by_hand_is_drift_and_one_that_was_put_back_is_none(harness: StackHarness, tmp_path: Path) -> None:
    name = harness.output(outputs.FUNCTION_NAME)
    functions = harness.aws("lambda")
    memory = functions.get_function_configuration(FunctionName=name)["MemorySize"]
    before = json.dumps(harness.stack.export_stack().deployment)
    functions.update_function_configuration(FunctionName=name, MemorySize=memory * 2)
    try:
        with by_hand.inline_policy_added(harness):
            changed = drift(harness, tmp_path)
        written = (tmp_path / f"{STACK}.drift.md").read_text()
    finally:
        functions.update_function_configuration(FunctionName=name, MemorySize=memory)
    assert changed.returncode == 1, changed.stdout + changed.stderr
    assert f"~ memorySize: {memory} => {memory * 2}" in written
    assert "inline policy by-hand" in written
    restored = drift(harness, tmp_path)
    assert restored.returncode == 0, restored.stdout + restored.stderr
    assert (tmp_path / f"{STACK}.drift.md").read_text() == ""
    assert json.dumps(harness.stack.export_stack().deployment) == before, "looking wrote into the state"
