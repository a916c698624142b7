"""This project's own stack keeps every rule, also where a first preview can't know it yet."""

from __future__ import annotations

from federation_emulator.servers import environments
from federation_emulator.servers.progress import Progress
from keyless_tools.guardrails.check import report
from keyless_tools.guardrails.environment import GUARDRAILS
from keyless_tools.guardrails.preview import read
from pulumi_offline.engine.pins import ROOT
from pulumi_offline.stack_harness import StackHarness
from tests.living.commands import pulumi

PACK = ROOT / "packages/keyless-tools/src/keyless_tools/guardrails/pack/analyzer.py"


def test_the_deployed_stack_keeps_every_rule_and_nothing_is_open(harness: StackHarness) -> None:
    environments.ensure(GUARDRAILS, Progress())
    ended = pulumi(harness, "preview", "--json", "--show-sames", "--policy-pack", str(PACK))
    found = report(read(ended.succeeded))
    assert found.refused == ()
    assert found.open == ()
    assert found.preview.hidden == 0
    assert len(found.preview.resources) > 20
