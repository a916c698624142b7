"""Each rule with a program that breaks it and one that keeps it, run by the real engine, by pack and by check."""

from __future__ import annotations

import dataclasses
import functools
import json

import pulumi_aws
import pytest

from keyless_tools.guardrails.check import Report, report
from keyless_tools.guardrails.preview import read
from keyless_tools.guardrails.rules import CHANGE_RULES, RULES, STACK_RULES
from tests.guardrails.conftest import Engine, Run
from tests.guardrails.programs import breaks, keeps

WITHOUT_CHANGES = [*(rule.name for rule in RULES), *(rule.name for rule in STACK_RULES)]
Pairs = frozenset[tuple[str, str]]


def judged(run: Run) -> Report:
    """What the check says of a preview."""
    return report(read(run.output))


def refused(found: Report) -> Pairs:
    """For each refusal, the rule and the resource's logical name."""
    return frozenset((verdict.rule, verdict.urn.rpartition("::")[2]) for verdict in found.refused)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Broken:
    """What became of the program that breaks all rules."""

    run: Run
    by_check: Pairs


@pytest.fixture(scope="module")
def broken(engine: Engine) -> Broken:
    run = engine.preview(breaks.program)
    return Broken(run=run, by_check=refused(judged(run)))


@pytest.fixture(scope="module")
def kept(engine: Engine) -> Run:
    return engine.preview(keeps.program)


@pytest.fixture(scope="module")
def deployed(engine: Engine) -> Engine:
    """The program that keeps all rules, deployed with the pack beside it."""
    assert engine.up(keeps.program).succeeded
    return engine


def named_after(rule: str, pairs: Pairs) -> set[str]:
    return {name for broken_rule, name in pairs if broken_rule == rule}


@pytest.mark.parametrize("rule", WITHOUT_CHANGES)
def test_each_rule_refuses_exactly_what_is_named_after_it(rule: str, broken: Broken) -> None:
    by_pack = named_after(rule, broken.run.violations)
    assert by_pack
    assert all(rule in name.rpartition(".")[0].split("+") for name in by_pack)
    assert named_after(rule, broken.by_check) == by_pack, "pack and check agree"


def test_whatever_is_named_after_a_rule_is_refused(broken: Broken) -> None:
    expected = {
        (rule, resource.name)
        for resource in read(broken.run.output).resources
        for rule in resource.name.rpartition(".")[0].split("+")
        if rule in WITHOUT_CHANGES
    }
    assert len(expected) > 30
    assert broken.by_check == broken.run.violations == expected
    assert not broken.run.succeeded


def test_a_value_marked_as_secret_is_refused_unseen(broken: Broken) -> None:
    [marked] = [one for one in judged(broken.run).refused if one.urn.endswith("no-secret-in-environment.marked")]
    assert "marked as secret" in marked.finding.actual
    assert sum(breaks.KEY_ID in line for line in broken.run.output.splitlines()) == 1, "only where it isn't marked"


def test_a_program_that_keeps_every_rule_passes_both(kept: Run) -> None:
    assert kept.succeeded
    assert kept.violations == frozenset()
    found = judged(kept)
    assert found.refused == ()
    assert len(found.preview.resources) >= 13
    assert found.exit_code == 0


def test_what_a_preview_cannot_know_is_reported_as_open(kept: Run) -> None:
    [verdict] = judged(kept).open
    assert verdict.rule == "no-open-member"
    assert verdict.urn.endswith("::binding")
    assert "isn't known yet" in str(verdict)


@pytest.mark.parametrize(
    ("last", "rule"),
    [("*", "no-open-member"), ("attribute.aws_account/210987654321", "mapped-attribute")],
)
def test_what_was_open_in_the_preview_is_judged_while_it_is_deployed(last: str, rule: str, deployed: Engine) -> None:
    run = deployed.up(functools.partial(keeps.program, last=last))
    assert not run.succeeded
    assert run.violations == {(rule, "binding")}


NARROWED = '[{"name": "user_id", "type": "STRING", "mode": "REQUIRED"}]'
WIDENED = keeps.SCHEMA.replace("]", ', {"name": "mail", "type": "STRING"}]')


def test_rows_and_what_is_protected_are_not_given_up(deployed: Engine) -> None:
    run = deployed.preview(functools.partial(keeps.program, schema=NARROWED, dataset_id="other"), pack=False)
    assert run.succeeded, "the engine itself has no objection"
    found = judged(run)
    assert refused(found) == {
        ("table-keeps-columns", "users"),
        ("table-keeps-columns", "events"),
        ("protected-stays", "kept"),
    }
    assert {rule.name for rule in CHANGE_RULES} == {rule for rule, _ in refused(found)}
    printed = "\n".join(found.lines())
    for part in ("column user_id is STRING instead of INTEGER", "column name is dropped", "datasetId is changed"):
        assert part in printed
    assert found.exit_code == 1


def test_a_column_can_be_added_and_what_the_preview_hides_is_counted(deployed: Engine, kept: Run) -> None:
    run = deployed.preview(functools.partial(keeps.program, schema=WIDENED), pack=False)
    steps = {step["urn"].rpartition("::")[2]: step["op"] for step in json.loads(run.output)["steps"]}
    assert steps["users"] == "update"
    found = judged(run)
    assert found.refused == ()
    assert found.preview.hidden + len(found.preview.resources) == len(judged(kept).preview.resources)
    assert f"{found.preview.hidden} unchanged resources aren't in this preview" in "\n".join(found.lines())


def too_deep() -> None:
    pulumi_aws.iam.Role("deep", assume_role_policy='{"a":' * 50_000)


def test_a_value_that_no_rule_can_read_fails_the_preview_with_the_pack(engine: Engine) -> None:
    run = engine.preview(too_deep)
    assert not run.succeeded
    assert "failed to run policy" in run.output
