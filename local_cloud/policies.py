"""Reading and writing allow policies: one form for projects, service accounts and tables."""

from __future__ import annotations

from typing import Any

from local_cloud.context import Cloud
from local_cloud.errors import aborted, invalid_argument, unimplemented
from local_cloud.http import object_field
from local_cloud.permissions import ROLES, Binding, Policy
from local_cloud.principals import member_problem
from local_cloud.store import new_etag, same_etag

MOST_PRINCIPALS = 1500
"""IAM quotas: principals in one allow policy."""


def policy_wire(policy: Policy, *, version: int = 1) -> dict[str, Any]:
    """Write a policy as ``getIamPolicy`` answers it; ``bindings`` is left out when empty."""
    body: dict[str, Any] = {"version": version, "etag": policy.etag}
    if policy.bindings:
        body["bindings"] = [{"role": b.role, "members": list(b.members)} for b in policy.bindings]
    return body


def replace_policy(cloud: Cloud, key: str, body: dict[str, Any]) -> Policy:
    """Carry out ``setIamPolicy``.

    Args:
        cloud: Holds policies and accounts.
        key: Under which the resource's policy is kept.
        body: The request; a policy without ``bindings`` empties it, one without ``etag`` overwrites.

    Raises:
        ApiError: 400, a role or member is malformed, unknown, or conditional; 409 ``ABORTED``, the etag is stale.
    """
    if "policy" not in body:
        raise invalid_argument("The request has no policy: nothing was changed.")
    wanted = object_field(body, "policy")
    bindings = _read_bindings(wanted.get("bindings"))
    etag = wanted.get("etag")
    if etag is not None and not isinstance(etag, str):
        raise invalid_argument("Invalid value at 'policy.etag' (TYPE_BYTES)")
    if etag and not same_etag(etag, cloud.policy(key).etag):
        raise aborted(
            "There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff."
        )
    for member in (member for binding in bindings for member in binding.members):
        _check_member(cloud, member)
    policy = Policy(bindings=bindings, etag=new_etag())
    cloud.policies.put(key, policy)
    return policy


def mark_deleted(cloud: Cloud, *, email: str, unique_id: str) -> None:
    """Rename a deleted account in all policies, so that a namesake made later inherits nothing."""
    _rename(cloud, f"serviceAccount:{email}", f"deleted:serviceAccount:{email}?uid={unique_id}")


def mark_undeleted(cloud: Cloud, *, email: str, unique_id: str) -> None:
    """Give an account that was brought back its name in all policies again."""
    _rename(cloud, f"deleted:serviceAccount:{email}?uid={unique_id}", f"serviceAccount:{email}")


def _rename(cloud: Cloud, old: str, new: str) -> None:
    for key, policy in cloud.policies.items():
        if any(_same(old, member) for binding in policy.bindings for member in binding.members):
            bindings = tuple(
                Binding(role=b.role, members=tuple(new if _same(old, m) else m for m in b.members))
                for b in policy.bindings
            )
            cloud.policies.put(key, Policy(bindings=bindings, etag=new_etag()))
            # Never late: under its old name the binding would be a namesake's.
            cloud.policies.settle(key)


def _same(left: str, right: str) -> bool:
    return left.lower() == right.lower()


def _read_bindings(listed: object) -> tuple[Binding, ...]:
    if listed is None:
        return ()
    if not isinstance(listed, list):
        raise invalid_argument("Invalid value at 'policy.bindings', expected a list.")
    merged: dict[str, dict[str, None]] = {}
    for entry in listed:
        role, members = _read_binding(entry)
        merged.setdefault(role, {}).update(dict.fromkeys(members))
    if sum(len(members) for members in merged.values()) > MOST_PRINCIPALS:
        raise invalid_argument(f"The policy has more than {MOST_PRINCIPALS} principals.")
    return tuple(Binding(role=role, members=tuple(members)) for role, members in merged.items() if members)


def _read_binding(entry: object) -> tuple[str, list[str]]:
    if not isinstance(entry, dict) or not isinstance(entry.get("role"), str):
        raise invalid_argument("Each binding must be an object with a role.")
    role, members = entry["role"], entry.get("members") or []
    if entry.get("condition"):
        raise unimplemented(
            f"The binding of {role} has a condition. The local cloud doesn't evaluate IAM conditions, so it "
            "grants nothing by them: leave the condition out, or test this grant on Google."
        )
    if role not in ROLES:
        raise invalid_argument(f"Role {role} is not supported for this resource. Known here: {', '.join(ROLES)}.")
    if not isinstance(members, list) or not all(isinstance(member, str) for member in members):
        raise invalid_argument(f"The members of {role} must be a list of strings.")
    return role, members


def _check_member(cloud: Cloud, member: str) -> None:
    if problem := member_problem(member):
        raise invalid_argument(problem)
    kind, _, email = member.partition(":")
    live = {account.email.lower() for account in cloud.accounts.values() if not account.expire_time}
    if kind == "serviceAccount" and email.lower() not in live:
        raise invalid_argument(f"Service account {email} does not exist.")
