"""Who asks (principals) and who is meant (members of a binding), and whether the two agree.

Forms of a member are those of Google's "Principal identifiers" page that this project can meet: ``user:``,
``serviceAccount:``, ``deleted:serviceAccount:``, ``principal://`` and ``principalSet://`` of workload pools.
Everything else is refused when a policy is set, so that no binding waits for a principal nobody can be.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_POOL = r"iam\.googleapis\.com/(?P<pool>projects/\d+/locations/global/workloadIdentityPools/[a-z0-9-]{1,32})"
_SUBJECT = re.compile(rf"principal://{_POOL}/subject/(?P<subject>.+)", re.DOTALL)
_ATTRIBUTE = re.compile(
    rf"principalSet://{_POOL}/attribute\.(?P<attribute>[a-z0-9_]{{1,100}})/(?P<value>.+)", re.DOTALL
)
_GROUP = re.compile(rf"principalSet://{_POOL}/group/(?P<group>.+)", re.DOTALL)
_WHOLE_POOL = re.compile(rf"principalSet://{_POOL}/\*")
_EMAIL = re.compile(r"(?P<kind>user|serviceAccount):(?P<email>[^\s@:/?]+@[^\s@:/?]+)")
_DELETED = re.compile(r"deleted:(user|serviceAccount):[^\s?]+\?uid=\d+")


@dataclass(frozen=True, kw_only=True)
class Principal:
    """Who a token speaks for.

    Attributes:
        member: Its own IAM member form: ``user:…``, ``serviceAccount:…`` or ``principal://…/subject/…``.
        pool: For a federated principal, the pool's resource name (``projects/N/locations/global/…``).
        subject: For a federated principal, the mapped ``google.subject``.
        attributes: For a federated principal, the mapped ``attribute.*`` values by bare name.
        groups: For a federated principal, the mapped ``google.groups``.
        unique_id: For a service account, the id that a namesake created later doesn't share.
    """

    member: str
    pool: str = ""
    subject: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    groups: tuple[str, ...] = ()
    unique_id: str = ""

    @property
    def email(self) -> str:
        """The e-mail of a user or service account; empty for a federated principal."""
        return "" if self.pool else self.member.partition(":")[2]


def federated_principal(
    *, pool: str, subject: str, attributes: Mapping[str, str], groups: tuple[str, ...] = ()
) -> Principal:
    """Name the principal that a mapped external identity becomes in a pool."""
    member = f"principal://iam.googleapis.com/{pool}/subject/{subject}"
    return Principal(member=member, pool=pool, subject=subject, attributes=dict(attributes), groups=groups)


def member_problem(member: str) -> str | None:
    """Say what is wrong with a member's form, in Google's words where known; ``None`` if it is right."""
    if any(form.fullmatch(member) for form in (_EMAIL, _DELETED, _SUBJECT, _ATTRIBUTE, _GROUP, _WHOLE_POOL)):
        return None
    if member in {"allUsers", "allAuthenticatedUsers"}:
        return f"Member {member} is not accepted here: the local cloud grants nothing to everybody."
    return (
        f"The member {member} is of an unknown type. Please set a valid type prefix for the member. Known here: "
        "user:, serviceAccount:, principal://iam.googleapis.com/POOL NAME/subject/…, "
        "principalSet://iam.googleapis.com/POOL NAME/attribute.NAME/VALUE, POOL NAME/group/GROUP or POOL NAME/*, with "
        "the project's number."
    )


def matches(member: str, principal: Principal) -> bool:
    """Say whether a binding's member means this principal.

    E-mails compare without case; everything about a federated principal is exact, ``%2F`` is not ``/``.
    """
    if found := _EMAIL.fullmatch(member):
        return not principal.pool and member.lower() == principal.member.lower() and bool(found)
    if found := _SUBJECT.fullmatch(member):
        return found["pool"] == principal.pool and found["subject"] == principal.subject
    if found := _ATTRIBUTE.fullmatch(member):
        return found["pool"] == principal.pool and principal.attributes.get(found["attribute"]) == found["value"]
    if found := _GROUP.fullmatch(member):
        return found["pool"] == principal.pool and found["group"] in principal.groups
    if found := _WHOLE_POOL.fullmatch(member):
        return bool(principal.pool) and found["pool"] == principal.pool
    return False


def difference(member: str, principal: Principal) -> str:
    """Say in one sentence why a member does not mean this principal, for the trace."""
    if _DELETED.fullmatch(member):
        return f"binding names {member}, which was deleted; an account made later under that e-mail is another"
    if found := _ATTRIBUTE.fullmatch(member):
        return _attribute_difference(found["pool"], found["attribute"], found["value"], principal)
    if found := _SUBJECT.fullmatch(member):
        if found["pool"] != principal.pool:
            return _pool_difference(found["pool"], principal)
        return f"binding names subject {found['subject']}, principal has {principal.subject}"
    if found := _GROUP.fullmatch(member):
        if found["pool"] != principal.pool:
            return _pool_difference(found["pool"], principal)
        return (
            f"binding names group {found['group']}, principal has {', '.join(principal.groups) or 'no google.groups'}"
        )
    if found := _WHOLE_POOL.fullmatch(member):
        return _pool_difference(found["pool"], principal)
    return f"binding names {member}, principal is {principal.member}"


def _attribute_difference(pool: str, attribute: str, value: str, principal: Principal) -> str:
    if pool != principal.pool:
        return _pool_difference(pool, principal)
    name = f"attribute.{attribute}"
    if attribute not in principal.attributes:
        return f"binding names {name} = {value}, the provider's mapping gives no {name}"
    actual = principal.attributes[attribute]
    hint = ""
    if "%2f" in value.lower():
        hint = " (a slash in the value is written as it is, not as %2F)"
    elif actual.lower() == value.lower():
        hint = " (they differ in case)"
    return f"binding names {name} = {value}, principal has {actual}{hint}"


def _pool_difference(pool: str, principal: Principal) -> str:
    if not principal.pool:
        return f"binding names identities of pool {pool}, principal is {principal.member}"
    return f"binding names pool {pool}, principal is of pool {principal.pool}"


def closeness(member: str, principal: Principal) -> int:
    """Rank how near a member comes to meaning this principal: 3 same attribute, 2 same pool, 1 same kind, 0."""
    if found := _ATTRIBUTE.fullmatch(member):
        if found["pool"] != principal.pool:
            return 1 if principal.pool else 0
        return 3 if found["attribute"] in principal.attributes else 2
    if (
        found := _SUBJECT.fullmatch(member) or _GROUP.fullmatch(member) or _WHOLE_POOL.fullmatch(member)
    ) and principal.pool:
        return 2 if found["pool"] == principal.pool else 1
    return 1 if member.partition(":")[0] == principal.member.partition(":")[0] else 0
