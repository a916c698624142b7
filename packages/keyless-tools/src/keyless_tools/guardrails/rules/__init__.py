"""Every rule, in the order of the reports. Pure, standard library only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from keyless_tools.guardrails.model import AnyRule, Change, ChangeRule, Finding, Resource, Rule, StackRule, Verdict
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
    """Judges by every rule all resources of the stack that are known, and what would change."""
    found: list[tuple[AnyRule[Any], str, Finding]] = [
        *((rule, one.urn, finding) for rule in RULES for one in resources for finding in rule.judge(one)),
        *((rule, one.urn, finding) for rule in STACK_RULES for one, finding in rule.judge(resources)),
        *((rule, one.urn, finding) for rule in CHANGE_RULES for one in changes for finding in rule.judge(one)),
    ]
    for rule, urn, finding in found:
        yield Verdict(rule=rule.name, why=rule.why, urn=urn, finding=finding)
