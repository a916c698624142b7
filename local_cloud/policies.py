"""Reading and writing allow policies: one form for projects, service accounts and tables."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from starlette.requests import Request

from local_cloud.conditions import Condition, condition_problem
from local_cloud.context import Cloud
from local_cloud.errors import aborted, invalid_argument, unimplemented
from local_cloud.http import object_field, text_field
from local_cloud.permissions import ROLES, Binding, Policy
from local_cloud.principals import member_problem
from local_cloud.store import new_etag, same_etag
from local_cloud.trace import Link, Part, Refusal, Refused

MOST_PRINCIPALS = 1500
"""IAM quotas: principals in one allow policy."""

WITH_CONDITIONS = 3
"""The policy version that has conditions (IAM, "Policy versions")."""

BASIC_ROLES = frozenset({"roles/owner", "roles/editor", "roles/viewer"})
"""Roles that can't be granted on a condition (IAM, "Overview of IAM Conditions")."""


def policy_wire(policy: Policy, *, version: int = WITH_CONDITIONS) -> dict[str, Any]:
    """Write a policy as ``getIamPolicy`` answers it; ``bindings`` is left out when empty.

    Args:
        policy: The policy.
        version: What was asked for. Below 3 conditions are withheld, and their roles renamed so that nobody takes
            the bindings for unconditional ones (IAM, "Policy versions").
    """
    whole = version >= WITH_CONDITIONS
    body: dict[str, Any] = {"version": WITH_CONDITIONS if policy.conditional and whole else 1, "etag": policy.etag}
    if policy.bindings:
        body["bindings"] = [_binding_wire(binding, whole=whole) for binding in policy.bindings]
    return body


def _binding_wire(binding: Binding, *, whole: bool) -> dict[str, Any]:
    wire: dict[str, Any] = {"role": binding.role, "members": list(binding.members)}
    if binding.condition is None:
        return wire
    if whole:
        return {**wire, "condition": binding.condition.wire()}
    mark = hashlib.sha256(repr(binding.condition).encode()).hexdigest()[:20]
    return {**wire, "role": f"{binding.role}_withcond_{mark}"}


def requested_version(request: Request, body: dict[str, Any]) -> int:
    """Read the policy version that a ``getIamPolicy`` asks for: in the body, or as a query parameter.

    Raises:
        ApiError: 400, not 0, 1 or 3.
    """
    asked = object_field(body, "options").get("requestedPolicyVersion")
    if asked is None:
        asked = request.query_params.get("options.requestedPolicyVersion", "0")
    return _version(asked, "options.requested_policy_version")


def replace_policy(cloud: Cloud, key: str, body: dict[str, Any]) -> Policy:
    """Carry out ``setIamPolicy``.

    Args:
        cloud: Holds policies and accounts.
        key: Under which the resource's policy is kept.
        body: The request; a policy without ``bindings`` empties it, one without ``etag`` overwrites.

    Raises:
        ApiError: 400, a role, member or condition is malformed or unknown, or the version is too low for what it
            would replace; 409 ``ABORTED``, the etag is stale; 501, audit configurations.
    """
    if "policy" not in body:
        raise invalid_argument("The request has no policy: nothing was changed.")
    wanted = object_field(body, "policy")
    if wanted.get("auditConfigs"):
        raise unimplemented("auditConfigs are not offered by the local cloud: nothing here is audited.")
    version = _version(wanted.get("version") or 0, "policy.version")
    bindings = _read_bindings(wanted.get("bindings"))
    etag = wanted.get("etag")
    if etag is not None and not isinstance(etag, str):
        raise invalid_argument("Invalid value at 'policy.etag' (TYPE_BYTES)")
    present = cloud.policy(key)
    if etag and not same_etag(etag, present.etag):
        with cloud.trace.deciding(Link.ADMINISTRATION, resource=key, quiet=True):
            raise _stale(saw=etag, wanted=present.etag)
    policy = Policy(bindings=bindings, etag=new_etag())
    # Without an etag Google lets one overwrite conditions; whoever has read the policy must have read them.
    if version < WITH_CONDITIONS and (policy.conditional or (etag and present.conditional)):
        raise invalid_argument(
            f"The policy has version {version}, and a binding with a condition needs version {WITH_CONDITIONS}: read "
            f"it with requestedPolicyVersion {WITH_CONDITIONS}, and send it back with that version."
        )
    for member in (member for binding in bindings for member in binding.members):
        _check_member(cloud, member)
    cloud.policies.put(key, policy)
    return policy


def _stale(*, saw: str, wanted: str) -> Refused:
    return Refused(
        Refusal(
            part=Part.REQUEST,
            rule="the etag must be the policy's present one",
            saw=saw,
            wanted=wanted,
            mend="read the policy again, make the change in what was read, and send that back",
        ),
        aborted(
            "There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff."
        ),
    )


def _version(value: object, name: str) -> int:
    if str(value) not in {"0", "1", "3"}:
        raise invalid_argument(f"Invalid value at '{name}': {value!r:.40}. Valid versions are 0, 1 and 3.")
    return int(str(value))


def mark_deleted(cloud: Cloud, *, email: str, unique_id: str) -> None:
    """Rename a deleted account in all policies and access lists, so that a namesake made later inherits nothing."""
    _rename(cloud, f"serviceAccount:{email}", f"deleted:serviceAccount:{email}?uid={unique_id}")


def mark_undeleted(cloud: Cloud, *, email: str, unique_id: str) -> None:
    """Give an account that was brought back its name in all policies and access lists again."""
    _rename(cloud, f"deleted:serviceAccount:{email}?uid={unique_id}", f"serviceAccount:{email}")


def _rename(cloud: Cloud, old: str, new: str) -> None:
    for key, policy in cloud.policies.items():
        if any(_same(old, member) for binding in policy.bindings for member in binding.members):
            bindings = tuple(
                replace(b, members=tuple(new if _same(old, m) else m for m in b.members)) for b in policy.bindings
            )
            cloud.policies.put(key, Policy(bindings=bindings, etag=new_etag()))
            # Never late: under its old name the binding would be a namesake's.
            cloud.policies.settle(key)
    for dataset, access in cloud.datasets.items():
        renamed = access.renamed(old, new)
        if renamed != access:
            cloud.datasets.put(dataset, renamed)
            cloud.datasets.settle(dataset)


def _same(left: str, right: str) -> bool:
    return left.lower() == right.lower()


def _read_bindings(listed: object) -> tuple[Binding, ...]:
    if listed is None:
        return ()
    if not isinstance(listed, list):
        raise invalid_argument("Invalid value at 'policy.bindings', expected a list.")
    merged: dict[tuple[str, Condition | None], dict[str, None]] = {}
    for entry in listed:
        role, members, condition = _read_binding(entry)
        merged.setdefault((role, condition), {}).update(dict.fromkeys(members))
    if sum(len(members) for members in merged.values()) > MOST_PRINCIPALS:
        raise invalid_argument(f"The policy has more than {MOST_PRINCIPALS} principals.")
    return tuple(
        Binding(role=role, members=tuple(members), condition=condition)
        for (role, condition), members in merged.items()
        if members
    )


def _read_binding(entry: object) -> tuple[str, list[str], Condition | None]:
    if not isinstance(entry, dict) or not isinstance(entry.get("role"), str):
        raise invalid_argument("Each binding must be an object with a role.")
    role, members = entry["role"], entry.get("members") or []
    if role not in ROLES:
        raise invalid_argument(f"Role {role} is not supported for this resource. Known here: {', '.join(ROLES)}.")
    if not isinstance(members, list) or not all(isinstance(member, str) for member in members):
        raise invalid_argument(f"The members of {role} must be a list of strings.")
    return role, members, _read_condition(role, object_field(entry, "condition"))


def _read_condition(role: str, given: dict[str, Any]) -> Condition | None:
    if not given:
        return None
    if role in BASIC_ROLES:
        raise invalid_argument(f"The binding of the basic role {role} can't have a condition.")
    condition = Condition(
        title=text_field(given, "title"),
        expression=text_field(given, "expression"),
        description=text_field(given, "description", limit=256),
    )
    if problem := condition_problem(condition):
        raise invalid_argument(f"The condition of {role} {problem}.")
    return condition


def _check_member(cloud: Cloud, member: str) -> None:
    if problem := member_problem(member):
        raise invalid_argument(problem)
    kind, _, email = member.partition(":")
    live = {account.email.lower() for account in cloud.accounts.values() if not account.expire_time}
    if kind == "serviceAccount" and email.lower() not in live:
        raise invalid_argument(f"Service account {email} does not exist.")
