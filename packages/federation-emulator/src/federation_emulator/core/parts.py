"""The names in a decision: its link of the chain, what its steps looked at, and the check that refused."""

from __future__ import annotations

from enum import StrEnum


class Link(StrEnum):
    """A link of the chain: one kind of decision."""

    TOKEN_EXCHANGE = "token exchange"  # noqa: S105  (the name of a link, not a secret)
    IMPERSONATION = "impersonation"
    JOB = "job creation"
    TABLE = "table access"
    ADMINISTRATION = "administration"


class Part(StrEnum):
    """What a step of a decision looked at, in the order of the chain."""

    REQUEST = "request"
    ID_TOKEN = "ID token"  # noqa: S105  (the name of a part, not a secret)
    CALLER = "caller ARN"
    ATTRIBUTES = "attributes"
    CONDITION = "condition"
    PRINCIPAL = "principal"
    TOKEN = "token"  # noqa: S105  (the name of a part, not a secret)
    PERMISSION = "permission"


class Check(StrEnum):
    """The check at which a request was refused, by the name that a test asserts on."""

    REQUEST = "request"
    AUDIENCE = "audience"
    ID_TOKEN = "ID token"  # noqa: S105  (the name of a check, not a secret)
    SIGNATURE = "signature"
    AWS_ACCOUNT = "AWS account"
    MAPPING = "attribute mapping"
    CONDITION = "attribute condition"
    PRINCIPAL = "principal"
    ACCESS_TOKEN = "access token"  # noqa: S105  (likewise)
    SERVICE_ACCOUNT = "service account"
    IMPERSONATION = "impersonation binding"
    JOB = "job permission"
    TABLE = "table permission"
    ADMINISTRATION = "permission"


_CHECKS = {
    Part.REQUEST: Check.REQUEST,
    Part.ID_TOKEN: Check.ID_TOKEN,
    Part.CALLER: Check.SIGNATURE,
    Part.ATTRIBUTES: Check.MAPPING,
    Part.CONDITION: Check.CONDITION,
    Part.PRINCIPAL: Check.PRINCIPAL,
    Part.TOKEN: Check.ACCESS_TOKEN,
}
_PERMISSIONS = {
    Link.IMPERSONATION: Check.IMPERSONATION,
    Link.JOB: Check.JOB,
    Link.TABLE: Check.TABLE,
}
"""The check of a part, and of the permission of a link, where the refusal names no finer one."""


def check_of(link: Link, part: Part) -> Check:
    """Return the check of a part of a link's decision."""
    return _CHECKS.get(part) or _PERMISSIONS.get(link, Check.ADMINISTRATION)
