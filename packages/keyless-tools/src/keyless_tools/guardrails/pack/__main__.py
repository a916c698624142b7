"""The policy pack: `pulumi preview --policy-pack` and this folder, after `pulumi install` in it.

It is a thin way to :mod:`keyless_tools.guardrails.rules`. What an engine doesn't know yet in a preview is judged
while it deploys.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

# The engine starts this folder in an environment without these packages: the folder that they are installed in, or the
# repository that this file is in.
_INSTALLED = Path(__file__).resolve().parents[3]
sys.path += [str(_INSTALLED), str(_INSTALLED.parents[2])]

from keyless_bigquery.runtime.printable import one_line  # noqa: E402 - found only now
from keyless_tools.guardrails.model import UNKNOWN, Finding, Resource, Rule, StackRule  # noqa: E402 - as above
from keyless_tools.guardrails.rules import RULES, STACK_RULES  # noqa: E402 - as above

_NAME = "keyless-guardrails"


def main() -> None:
    """Serve the rules until the engine ends."""
    # Serving begins in the constructor, which returns only when the engine has gone.
    PolicyPack(
        name=_NAME,
        enforcement_level=EnforcementLevel.MANDATORY,
        policies=[*(_policy(rule) for rule in RULES), *(_stack_policy(rule) for rule in STACK_RULES)],
    )


def _policy(rule: Rule) -> ResourceValidationPolicy:
    def validate(arguments: ResourceValidationArgs, report: ReportViolation) -> None:
        resource = Resource(urn=arguments.urn, type=arguments.resource_type, inputs=_plain(arguments.props))
        for finding in rule.judge(resource):
            _report(finding, report)

    return ResourceValidationPolicy(name=rule.name, description=rule.why, validate=validate)


def _stack_policy(rule: StackRule) -> StackValidationPolicy:
    def validate(arguments: StackValidationArgs, report: ReportViolation) -> None:
        # What AnalyzeStack hands on are outputs, which hold the inputs too.
        resources = [
            Resource(urn=one.urn, type=one.resource_type, inputs=_plain(one.props)) for one in arguments.resources
        ]
        for resource, finding in rule.judge(resources):
            _report(finding, report, resource.urn)

    return StackValidationPolicy(name=rule.name, description=rule.why, validate=validate)


def _report(finding: Finding, report: ReportViolation, urn: str | None = None) -> None:
    if finding.certain:
        report(one_line(f"{finding.where} is {finding.actual}. Fix: {finding.fix}."), urn)


def _plain(value: Any) -> Any:  # noqa: ANN401 (any JSON-like value)
    """The SDK's view of a value as plain data: it raises wherever something isn't known yet."""
    if isinstance(value, Mapping):
        return {key: _part(value, key) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_part(value, place) for place in range(len(value))]
    return value


def _part(value: Any, key: Any) -> Any:  # noqa: ANN401 (any JSON-like value)
    try:
        return _plain(value[key])
    except UnknownValueError:
        return UNKNOWN


if __name__ == "__main__":
    main()
