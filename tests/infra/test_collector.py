from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from infra import collector
from infra.program import ROOT


def test_the_collector_is_held_while_the_program_loads_and_goes_on_afterwards() -> None:
    with collector.held():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_goes_on_after_an_error_too() -> None:
    with pytest.raises(ValueError, match="the settings"), collector.held():
        raise ValueError("the settings")
    assert gc.isenabled()


def test_where_it_was_off_it_stays_off() -> None:
    gc.disable()
    try:
        with collector.held():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_what_was_loaded_meanwhile_counts_as_old_and_stays_collectable() -> None:
    with collector.held():
        loaded = [[place] for place in range(10_000)]
    assert gc.get_count()[0] < len(loaded)
    assert gc.get_freeze_count() == 0


def test_nothing_is_looked_at_as_the_interpreter_ends() -> None:
    told = _python(
        "import atexit, gc\n"
        "from infra import collector\n"
        "atexit.register(lambda: print(gc.get_freeze_count()))\n"  # the last to register is the first to run
        "collector.spare_the_exit()\n"
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
