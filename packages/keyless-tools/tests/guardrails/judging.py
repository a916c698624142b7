"""What a rule finds in one resource."""

from __future__ import annotations

from typing import Any

from keyless_tools.guardrails.model import Finding, Resource, Rule


def resource(kind: str, name: str = "it", **inputs: Any) -> Resource:
    return Resource(urn=f"urn:pulumi:s::p::{kind}::{name}", type=kind, inputs=inputs)


def found(rule: Rule, kind: str, **inputs: Any) -> list[Finding]:
    return list(rule.judge(resource(kind, **inputs)))


def breaks(rule: Rule, kind: str, **inputs: Any) -> bool:
    """Whether it is refused; what is unknown never is."""
    return any(finding.certain for finding in found(rule, kind, **inputs))


def is_open(rule: Rule, kind: str, **inputs: Any) -> bool:
    findings = found(rule, kind, **inputs)
    return bool(findings) and not any(finding.certain for finding in findings)
