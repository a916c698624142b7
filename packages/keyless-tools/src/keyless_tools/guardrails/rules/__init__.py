"""Every rule, in the order in which it is told. Pure, standard library only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from keyless_tools.guardrails.model import Change, ChangeRule, Resource, Rule, StackRule, Verdict
from keyless_tools.guardrails.rules.changes import KEEPS_COLUMNS, KEEPS_PROTECTED
from keyless_tools.guardrails.rules.execution_roles import NO_WILDCARD, ONLY_LAMBDA
from keyless_tools.guardrails.rules.function_environment import NO_SECRET_IN_ENVIRONMENT
from keyless_tools.guardrails.rules.grants import LISTED_DATASET, NO_AUTHORITATIVE_IAM, NO_BROAD_ROLE, NO_OPEN_MEMBER
from keyless_tools.guardrails.rules.keys import NO_KEY
from keyless_tools.guardrails.rules.providers import MAPPED_ATTRIBUTE, PROVIDER_HAS_CONDITION

RULES: tuple[Rule, ...] = (
    NO_KEY,
    NO_OPEN_MEMBER,
    NO_BROAD_ROLE,
    NO_AUTHORITATIVE_IAM,
    PROVIDER_HAS_CONDITION,
    NO_WILDCARD,
    ONLY_LAMBDA,
    NO_SECRET_IN_ENVIRONMENT,
)
STACK_RULES: tuple[StackRule, ...] = (MAPPED_ATTRIBUTE, LISTED_DATASET)
CHANGE_RULES: tuple[ChangeRule, ...] = (KEEPS_COLUMNS, KEEPS_PROTECTED)


def judge(resources: Sequence[Resource], changes: Sequence[Change] = ()) -> Iterator[Verdict]:
    """Ask every rule.

    Args:
        resources: All resources of the stack that are known.
        changes: What would change.
    """
    for rule in RULES:
        for resource in resources:
            for finding in rule.judge(resource):
                yield Verdict(rule=rule.name, why=rule.why, urn=resource.urn, finding=finding)
    for stack_rule in STACK_RULES:
        for resource, finding in stack_rule.judge(resources):
            yield Verdict(rule=stack_rule.name, why=stack_rule.why, urn=resource.urn, finding=finding)
    for change_rule in CHANGE_RULES:
        for change in changes:
            for finding in change_rule.judge(change):
                yield Verdict(rule=change_rule.name, why=change_rule.why, urn=change.urn, finding=finding)
