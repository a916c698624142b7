"""Workload identity providers: each has a condition, and maps every attribute that a binding names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from keyless_tools.guardrails.model import Finding, Resource, Rule, StackRule, Unknown, unknown
from keyless_tools.guardrails.values import leaves

_PROVIDER = "gcp:iam/workloadidentitypoolprovider:workloadidentitypoolprovider"
_ALWAYS_TRUE = re.compile(r"[\s()]*true[\s()]*", re.ASCII)
_PRINCIPAL = re.compile(
    r"principalSet://iam\.googleapis\.com/projects/[^/]+/locations/global/workloadIdentityPools/(?P<pool>[^/]+)/"
    r"(?:(?P<attribute>attribute\.[^/]+)|(?P<group>group))/(?P<value>.*)"
)
_AWS_DEFAULTS = {"google.subject": "", "attribute.aws_role": ""}
"""What Google maps for an AWS provider that was given no mapping."""

_WHOLE_ACCOUNT = re.compile(r"\s*assertion\s*\.\s*account\s*", re.ASCII)


def _condition(resource: Resource) -> Iterator[Finding]:
    if resource.kind != _PROVIDER:
        return
    condition = resource.inputs.get("attributeCondition")
    if isinstance(condition, Unknown):
        yield unknown("attributeCondition")
    elif not isinstance(condition, str) or not condition.strip() or _ALWAYS_TRUE.fullmatch(condition):
        yield Finding(
            where="attributeCondition",
            actual=repr(condition) if condition else "absent",
            fix="name account and role: assertion.arn.startsWith('arn:aws:sts::ACCOUNT:assumed-role/ROLE/')",
        )


PROVIDER_HAS_CONDITION = Rule(
    name="provider-has-condition",
    why="Without a condition every identity of the account gets a token, and the binding stands alone.",
    judge=_condition,
)


def _attributes(resources: Sequence[Resource]) -> Iterator[tuple[Resource, Finding]]:
    providers = [resource for resource in resources if resource.kind == _PROVIDER]
    for resource in resources:
        if not resource.kind.startswith(("gcp:", "google-native:")):
            continue
        for where, value in leaves(resource.inputs):
            principal = _PRINCIPAL.fullmatch(value.strip()) if isinstance(value, str) else None
            if principal is not None:
                yield from ((resource, finding) for finding in _principal(principal, where, providers))


def _principal(principal: re.Match[str], where: str, providers: Sequence[Resource]) -> Iterator[Finding]:
    key = principal["attribute"] or "google.groups"
    if not principal["value"]:
        yield Finding(where=where, actual=f"an empty value of {key}", fix="name the role's ARN after the attribute")
    ours = [provider for provider in providers if provider.inputs.get("workloadIdentityPoolId") == principal["pool"]]
    maybe = [p for p in providers if isinstance(p.inputs.get("workloadIdentityPoolId"), Unknown)]
    mappings = [_mapping(provider) for provider in ours or maybe]
    expressions = [mapping[key] for mapping in mappings if mapping is not None and key in mapping]
    if any(isinstance(expression, str) and _WHOLE_ACCOUNT.fullmatch(expression) for expression in expressions):
        yield Finding(
            where=where,
            actual=f"{key}, which is the account",
            fix="bind an attribute that holds the role's ARN: every role of the account has this one",
        )
    if not mappings or expressions:
        return
    if not ours or None in mappings:
        yield unknown(where, f"whether its pool's provider maps {key} is seen while `pulumi up` runs")
        return
    mapped = sorted({name for mapping in mappings for name in mapping or ()})
    yield Finding(
        where=where,
        actual=f"{key}, and {', '.join(provider.name for provider in ours)} maps only {', '.join(mapped) or 'nothing'}",
        fix=f"map {key} in the provider, or bind an attribute that is mapped",
    )


def _mapping(provider: Resource) -> Mapping[str, object] | None:
    """What a provider maps; ``None`` if that isn't known yet."""
    given = provider.inputs.get("attributeMapping")
    if isinstance(given, Unknown):
        return None
    if not given:
        return _AWS_DEFAULTS if "aws" in provider.inputs else {}
    return given if isinstance(given, Mapping) else {}


MAPPED_ATTRIBUTE = StackRule(
    name="mapped-attribute",
    why="IAM accepts a binding to anything, and one that the mapping doesn't answer admits no caller, or too many.",
    judge=_attributes,
)
