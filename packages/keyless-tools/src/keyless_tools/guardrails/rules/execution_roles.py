"""Roles on AWS: what the policies of one may hold, and who may assume one that the Lambda service assumes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from keyless_tools.guardrails.model import Finding, Resource, Rule, Unknown, unknown
from keyless_tools.guardrails.values import texts

_ROLE = "aws:iam/role:role"
_LAMBDA = ("service", "lambda.amazonaws.com")
_DOCUMENTS = frozenset({"aws:iam/rolepolicy:rolepolicy", "aws:iam/policy:policy"})
_ATTACHMENTS = frozenset(
    {
        "aws:iam/rolepolicyattachment:rolepolicyattachment",
        "aws:iam/policyattachment:policyattachment",
        "aws:iam/rolepolicyattachmentsexclusive:rolepolicyattachmentsexclusive",
    }
)
_STREAMS_OF_ONE_GROUP = re.compile(
    r"arn:aws:logs:[a-z0-9-]+:[0-9]{12}:log-group:[\w./#-]+:(?:\*|log-stream:\*)", re.ASCII
)
"""The one ARN that can't do without a star: the streams of one log group, whose own name has none."""

_BROAD_MANAGED = re.compile(
    r"arn:[a-z-]+:iam::aws:policy/(?:[\w-]+/)?(?:\w*admin\w*|\w*fullaccess\w*|poweruser\w*|\w*readwrite\w*|readonlyaccess)"
    r"(?:-[\w-]+)?",
    re.ASCII | re.IGNORECASE,
)
"""Policies of AWS's own that open a whole service or account."""

_WITHOUT_RESOURCE_TYPE = frozenset({"ec2:describesubnets"})
"""Actions that AWS evaluates on no resource, so that a statement has to name all: "Service Authorization Reference"."""

_FOR_ONE_AUDIENCE = "sts:getwebidentitytoken"
"""The action by which AWS signs a token for the role. It has no resource type either: what bounds it is its audience.
"""

_AUDIENCE = "sts:IdentityTokenAudience"
Statement = Mapping[str, Any]
_Fault = tuple[str, str]
"""What was seen, and the fix."""


def _policies(resource: Resource) -> Iterator[Finding]:
    inputs = resource.inputs
    if resource.kind in _DOCUMENTS:
        yield from _document("policy", inputs.get("policy"), _wild)
    if resource.kind in _ATTACHMENTS:
        yield from _attached("policyArn", inputs.get("policyArn"))
        yield from _attached("policyArns", inputs.get("policyArns"))
    if resource.kind == _ROLE:
        yield from _attached("managedPolicyArns", inputs.get("managedPolicyArns"))
        inline = inputs.get("inlinePolicies") or []
        for place, policy in enumerate(inline if isinstance(inline, list) else [{"policy": inline}]):
            yield from _document(
                f"inlinePolicies[{place}]", policy if isinstance(policy, Unknown) else policy["policy"], _wild
            )


def _attached(where: str, value: object) -> Iterator[Finding]:
    for arn in texts(value):
        if isinstance(arn, Unknown):
            yield unknown(where)
        elif _BROAD_MANAGED.fullmatch(arn.strip()):
            yield Finding(
                where=where, actual=arn, fix="attach a policy that names the actions and resources that are used"
            )


def _wild(statements: Sequence[Statement]) -> Iterator[_Fault]:
    for statement in statements:
        for key in ("notaction", "notresource"):
            if key in statement:
                yield f"a document that allows by {key}", "name what is allowed, not what isn't"
        for key in ("action",) if _has_no_resource_type(statement) else ("action", "resource"):
            for value in texts(statement.get(key)):
                if isinstance(value, str) and _is_wild(key, value):
                    yield f"a document that allows {key} {value}", f"name each {key} in full"


def _has_no_resource_type(statement: Statement) -> bool:
    actions = texts(statement.get("action"))
    if [str(one).lower() for one in actions] == [_FOR_ONE_AUDIENCE]:
        return _names_audiences(statement.get("condition"))
    return bool(actions) and all(isinstance(one, str) and one.lower() in _WITHOUT_RESOURCE_TYPE for one in actions)


def _names_audiences(condition: object) -> bool:
    """Whether a token is signed only for audiences that are written out, and for no others besides."""
    if not isinstance(condition, Mapping):
        return False
    equals, null = condition.get("ForAllValues:StringEquals"), condition.get("Null")
    named = texts(equals.get(_AUDIENCE)) if isinstance(equals, Mapping) else []
    # ForAllValues holds for a request that names none, too.
    needed = isinstance(null, Mapping) and null.get(_AUDIENCE) == "false"
    return needed and bool(named) and all(isinstance(one, str) and "*" not in one for one in named)


def _is_wild(key: str, value: str) -> bool:
    return ("*" in value or "?" in value) and not (key == "resource" and _STREAMS_OF_ONE_GROUP.fullmatch(value))


NO_WILDCARD = Rule(
    name="no-wildcard",
    why="An intruder in the function gets whatever its role may do.",
    judge=_policies,
)


def _trust(resource: Resource) -> Iterator[Finding]:
    if resource.kind == _ROLE:
        yield from _document("assumeRolePolicy", resource.inputs.get("assumeRolePolicy"), _assuming)


def _assuming(statements: Sequence[Statement]) -> Iterator[_Fault]:
    principals = [one for statement in statements for one in _principals(statement)]
    for kind, who in principals:
        if who == "*" or kind == "notprincipal" or (_LAMBDA in principals and (kind, who) != _LAMBDA):
            yield f"open to {kind} {who}", '{"Service": "lambda.amazonaws.com"} alone; give others a role of their own'


def _principals(statement: Statement) -> Iterator[tuple[str, str]]:
    if "notprincipal" in statement:
        yield "notprincipal", "everyone else"
    named = statement.get("principal")
    if isinstance(named, Mapping):
        for kind, values in named.items():
            yield from ((kind.lower(), str(value)) for value in texts(values))
    elif named is not None:
        yield "principal", str(named)


ONLY_LAMBDA = Rule(
    name="only-lambda-assumes-role",
    why="Google trusts the role, so every principal that may assume it reads the table.",
    judge=_trust,
)


def _document(where: str, text: object, faults: Callable[[Sequence[Statement]], Iterator[_Fault]]) -> Iterator[Finding]:
    """What is wrong with the statements of a policy document, or with the document itself."""
    if isinstance(text, Unknown):
        yield unknown(where)
        return
    try:
        statements = _allowing(text)
    except (ValueError, KeyError, TypeError, AttributeError):
        yield Finding(where=where, actual=f"no policy document: {text!s:.80}", fix="write it with json.dumps")
        return
    for actual, fix in faults(statements):
        yield Finding(where=where, actual=actual, fix=fix)


def _allowing(text: object) -> list[Statement]:
    """The statements that allow something, with keys in lower case. Raises whatever a document of another form does."""
    document: Any = json.loads(text) if isinstance(text, str) else text
    found = document["Statement"]
    statements = [
        {key.lower(): value for key, value in one.items()} for one in (found if isinstance(found, list) else [found])
    ]
    return [one for one in statements if str(one.get("effect")).lower() != "deny"]
