from __future__ import annotations

import subprocess
import sys

from infra.program import ROOT


def test_the_collector_is_held_while_the_program_loads_and_goes_on_afterwards() -> None:
    held, released = _python(
        "import gc\nfrom infra import collector\n"
        "collector.hold()\nprint(gc.isenabled())\ncollector.release()\nprint(gc.isenabled())\n"
    ).split()
    assert (held, released) == ("False", "True")


def test_what_was_loaded_meanwhile_counts_as_old_and_stays_collectable() -> None:
    young, frozen = _python(
        "import gc\nfrom infra import collector\n"
        "collector.hold()\nloaded = [[place] for place in range(10_000)]\ncollector.release()\n"
        "print(gc.get_count()[0], gc.get_freeze_count())\n"
    ).split()
    assert int(young) < 10_000
    assert int(frozen) == 0


def test_nothing_is_looked_at_as_the_interpreter_ends() -> None:
    told = _python(
        "import atexit, gc\n"
        "from infra import collector\n"
        "atexit.register(lambda: print(gc.get_freeze_count()))\n"  # the last to register is the first to run
        "collector.hold()\n"
    )
    assert int(told) > 0


def test_a_plain_stack_loads_no_part_of_the_sdk_that_it_does_not_use() -> None:
    loaded = _python("import sys\nfrom tests.infra.recording import record\nrecord()\nprint(*sys.modules)\n").split()
    assert {"pulumi_aws.cloudwatch.log_group", "pulumi_aws.iam.role"} <= set(loaded)
    assert not {"pulumi_aws.cloudwatch.event_rule", "infra.foreign_pool", "federation_rules"} & set(loaded)


def _python(program: str) -> str:
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True, timeout=30
    )
    return ended.stdout
