"""What a program of the stack's size does without: the collector of reference cycles, and parts of the SDKs."""

from __future__ import annotations

import subprocess
import sys

from keyless_bigquery.components.program import ROOT

PROGRAM = """
import atexit, gc
atexit.register(lambda: print(gc.get_freeze_count() > 0))  # the first to register is the last to run
from keyless_bigquery.components import program
program.read_settings = lambda: None
try:
    with program.running():
        print(gc.isenabled())
        loaded = [[place] for place in range(10_000)]
        raise program.SettingsError([])
except Exception as error:
    print(type(error).__name__)
print(gc.isenabled(), gc.get_count()[0] < 10_000, gc.get_freeze_count())
"""


def test_the_collector_is_held_while_the_program_runs_and_has_nothing_to_look_at_when_it_ends() -> None:
    assert _python(PROGRAM).splitlines() == ["False", "RunError", "True True 0", "True"]


def test_a_plain_stack_loads_no_part_of_the_sdk_that_it_does_not_use() -> None:
    loaded = _python(
        "import sys\nfrom tests.components.recording import record\nrecord()\nprint(*sys.modules)\n"
    ).split()
    assert {"pulumi_aws.cloudwatch.log_group", "pulumi_aws.iam.role"} <= set(loaded)
    assert not {
        "pulumi_aws.cloudwatch.event_rule",
        "keyless_bigquery.components.foreign_pool",
        "federation_rules",
    } & set(loaded)


def _python(program: str) -> str:
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True, timeout=30
    )
    return ended.stdout
