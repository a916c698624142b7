"""Who is meant by a member of a binding, and whether that is a given principal. Pure.

The forms are those of Google's "Principal identifiers" page. Some name people that only Google knows: a group's, a
domain's, a workforce pool's. A policy may hold them; here they mean no principal: their members are not
known. The two that mean every caller the local Google refuses: no test could distinguish a refusal from open access.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from keyless_bigquery.trust.principals import Principal

_HOST = r"iam\.googleapis\.com"
_POOL = rf"{_HOST}/(?P<pool>projects/[0-9]+/locations/global/workloadIdentityPools/[a-z0-9-]{{1,32}})"
_WORKFORCE = rf"{_HOST}/locations/global/workforcePools/[a-z0-9-]+"
_CLUSTERS = rf"{_HOST}/projects/[0-9]+/locations/global/workloadIdentityPools/[a-z0-9-]+\.svc\.id\.goog"
_LETTERS = r"[!-.0-9;->A-~]+"
"""What an address may have around its ``@``: printable ASCII but ``@ : / ?`` and the space."""

_ADDRESS = rf"{_LETTERS}@{_LETTERS}"
_ACCOUNT_AS_USER = re.compile(rf"user:(?P<email>{_LETTERS}@{_LETTERS}\.gserviceaccount\.com)", re.IGNORECASE | re.ASCII)
_BY_HAND = re.compile(rf"principal(?:Set)?://{_HOST}/(?:projects/(?P<project>[^/]+)/)?(?!locations/global/workforce)")
_EVERYBODY = frozenset({"allUsers", "allAuthenticatedUsers"})


class Kind(Enum):
    """What a member names."""

    ADDRESS = "a user or service account"
    SUBJECT = "one subject of a pool"
    ATTRIBUTE = "who has an attribute in a pool"
    GROUP = "who has a mapped group in a pool"
    POOL = "everybody in a pool"
    DELETED = "who was deleted"
    UNKNOWABLE = "people that only Google knows"


_FORMS: tuple[tuple[Kind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(form, re.DOTALL))
    for kind, form in (
        (Kind.ADDRESS, rf"(?:user|serviceAccount):{_ADDRESS}"),
        (Kind.SUBJECT, rf"principal://{_POOL}/subject/(?P<value>.+)"),
        (Kind.ATTRIBUTE, rf"principalSet://{_POOL}/attribute\.(?P<attribute>[a-z0-9_]{{1,100}})/(?P<value>.+)"),
        (Kind.GROUP, rf"principalSet://{_POOL}/group/(?P<value>.+)"),
        (Kind.POOL, rf"principalSet://{_POOL}/\*"),
        (Kind.DELETED, rf"deleted:(?:user|serviceAccount|group):{_ADDRESS}\?uid=[0-9]+"),
        (Kind.DELETED, rf"deleted:principal://(?:{_POOL}|{_WORKFORCE})/subject/.+"),
        (Kind.UNKNOWABLE, rf"group:{_ADDRESS}"),
        (Kind.UNKNOWABLE, r"domain:[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"),
        (Kind.UNKNOWABLE, rf"principal://{_WORKFORCE}/subject/.+"),
        (Kind.UNKNOWABLE, rf"principalSet://{_WORKFORCE}/(?:group/.+|attribute\.[a-z0-9_]+/.+|\*)"),
        (Kind.UNKNOWABLE, rf"principal(?:Set)?://{_CLUSTERS}/.+"),
    )
)


@dataclass(frozen=True, kw_only=True)
class _Member:
    """A member taken apart; what its kind does not have is empty."""

    kind: Kind
    pool: str = ""
    attribute: str = ""
    value: str = ""


def _read(member: str) -> _Member | None:
    for kind, form in _FORMS:
        if found := form.fullmatch(member):
            return _Member(kind=kind, **{name: part or "" for name, part in found.groupdict().items()})
    return None


def member_problem(member: str) -> str | None:
    """Say what is wrong with a member's form, in Google's words where known; ``None`` if it is right."""
    if member in _EVERYBODY:
        return f"Member {member} is not accepted here: the local cloud grants nothing to everybody."
    if found := _ACCOUNT_AS_USER.fullmatch(member):
        named = f"serviceAccount:{found['email']}"
        return f'Principal {found["email"]} is of type "serviceAccount". The principal should appear as "{named}".'
    if _read(member) is not None:
        return None
    return (
        f"The member {member:.300} is of an unknown type. Please set a valid type prefix for the member. Known here: "
        "user:, serviceAccount:, group:, domain:, principal://iam.googleapis.com/POOL NAME/subject/…, "
        "principalSet://iam.googleapis.com/POOL NAME/attribute.NAME/VALUE, POOL NAME/group/GROUP or POOL NAME/*, with "
        "the project's number."
    )


def matches(member: str, principal: Principal) -> bool:
    """Say whether a binding's member means this principal.

    E-mails compare without case; everything about a federated principal is exact, ``%2F`` is not ``/``.
    """
    found = _read(member)
    if found is None:
        return False
    if found.kind is Kind.ADDRESS:
        return not principal.pool and member.lower() == principal.member.lower()
    if not principal.pool or found.pool != principal.pool:
        return False
    return {
        Kind.SUBJECT: found.value == principal.subject,
        Kind.ATTRIBUTE: principal.attributes.get(found.attribute) == found.value,
        Kind.GROUP: found.value in principal.groups,
        Kind.POOL: True,
    }.get(found.kind, False)


def difference(member: str, principal: Principal) -> str:
    """Say in one sentence why a member does not mean this principal, for the trace."""
    found = _read(member)
    if found is None or found.kind is Kind.ADDRESS:
        return f"binding names {member}, principal is {principal.member}{_malformed(member)}"
    if found.kind is Kind.DELETED:
        return f"binding names {member}, which was deleted; an account made later under that e-mail is another"
    if found.kind is Kind.UNKNOWABLE:
        return f"binding names {member}, {Kind.UNKNOWABLE.value}: here it means no principal"
    if not principal.pool:
        return f"binding names identities of pool {found.pool}, principal is {principal.member}"
    if found.pool != principal.pool:
        return f"binding names pool {found.pool}, principal is of pool {principal.pool}"
    if found.kind is Kind.SUBJECT:
        return f"binding names subject {found.value}, principal has {principal.subject}"
    if found.kind is Kind.GROUP:
        return f"binding names group {found.value}, principal has {', '.join(principal.groups) or 'no google.groups'}"
    return _attribute_difference(found, principal)


def _malformed(member: str) -> str:
    """What is wrong with a member that was meant for a principal of a pool, for people who write them by hand."""
    if member.startswith("principalset:"):
        return " (it is written in lower case, and case counts)"
    place = _BY_HAND.match(member)
    if place is None or _read(member) is not None:
        return ""
    if place["project"] is None:
        return " (the pool is written as its full resource name, projects/NUMBER/locations/global/…, not as its id)"
    return "" if re.fullmatch("[0-9]+", place["project"]) else " (the project is written as its number, not as its id)"


def _attribute_difference(found: _Member, principal: Principal) -> str:
    name = f"attribute.{found.attribute}"
    if found.attribute not in principal.attributes:
        return f"binding names {name} = {found.value}, the provider's mapping gives no {name}"
    actual = principal.attributes[found.attribute]
    hint = ""
    if "%2f" in found.value.lower():
        hint = " (a slash in the value is written as it is, not as %2F)"
    elif actual.lower() == found.value.lower():
        hint = " (they differ in case)"
    return f"binding names {name} = {found.value}, principal has {actual}{hint}"


def closeness(member: str, principal: Principal) -> int:
    """Rank how near a member comes to meaning this principal: 3 same attribute, 2 same pool, 1 same kind, 0."""
    found = _read(member)
    if found is None or found.kind in (Kind.ADDRESS, Kind.DELETED):
        kind = "principal" if member.lower().startswith("principalset:") else member.partition(":")[0]
        return 1 if kind == principal.member.partition(":")[0] else 0
    if found.kind is Kind.UNKNOWABLE:
        return 1
    if found.pool != principal.pool:
        return 1 if principal.pool else 0
    return 3 if found.kind is Kind.ATTRIBUTE and found.attribute in principal.attributes else 2
