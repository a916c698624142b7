"""This project's own stack keeps every rule, also where a first preview can't know it yet."""

from __future__ import annotations

from engine import environments
from engine.pins import ROOT
from engine.progress import Progress
from guardrails.check import report
from guardrails.preview import read
from local_cloud.stage import Stage
from tests.living.commands import pulumi

PACK = ROOT / "guardrails" / "pack" / "analyzer.py"


def test_the_deployed_stack_keeps_every_rule_and_nothing_is_open(stage: Stage) -> None:
    environments.ensure(environments.GUARDRAILS, Progress())
    ended = pulumi(stage, "preview", "--json", "--show-sames", "--policy-pack", str(PACK))
    found = report(read(ended.succeeded))
    assert found.refused == ()
    assert found.open == ()
    assert found.hidden == 0
    assert found.looked_at > 20
