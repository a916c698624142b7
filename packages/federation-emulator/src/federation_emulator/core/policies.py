"""Changing allow policies: one way for projects, service accounts and tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from federation_emulator.core.context import Cloud
from federation_emulator.core.errors import aborted, invalid_argument
from federation_emulator.core.permissions import Policy
from federation_emulator.core.policy_form import WITH_CONDITIONS, PolicyRequest, read_policy
from federation_emulator.core.store import new_etag, same_etag
from federation_emulator.core.trace import Link, Part, refuse


def replace_policy(
    cloud: Cloud, key: str, body: dict[str, Any], *, check: Callable[[Policy], None] | None = None
) -> Policy:
    """Carry out ``setIamPolicy``.

    It is no coroutine: between the comparison of the etags and the write nothing else can run, so no change is lost.

    A policy without ``bindings`` empties it, one without ``etag`` overwrites. ``check`` raises if the new policy lacks
    what it must satisfy besides.

    Raises:
        ApiError: 400, a role, member or condition is malformed or unknown, or the version is too low for what it
            would replace; 501, audit configurations and custom roles.
        Refused: 409 ``ABORTED``, the etag is stale.
    """
    asked = read_policy(body)
    present = cloud.policy(key)
    if asked.etag and not same_etag(asked.etag, present.etag):
        with cloud.trace.deciding(Link.ADMINISTRATION, resource=key, quiet=True):
            refuse(
                Part.REQUEST,
                rule="the etag must be the policy's present one",
                actual=asked.etag,
                expected=present.etag,
                fix="read the policy again, make the change in what was read, and send that back",
                answer=aborted(
                    "There were concurrent policy changes. Please retry the whole read-modify-write with exponential "
                    "backoff."
                ),
            )
    bindings = present.bindings if asked.bindings is None else asked.bindings
    policy = Policy(bindings=bindings, etag=new_etag())
    _check_version(asked, policy, present)
    check_accounts(cloud, (member for binding in policy.bindings for member in binding.members))
    if check is not None:
        check(policy)
    cloud.policies.put(key, policy)
    return policy


def _check_version(asked: PolicyRequest, policy: Policy, present: Policy) -> None:
    if asked.version >= WITH_CONDITIONS:
        return
    # Without an etag Google lets one overwrite conditions; a caller that has read the policy must have read them.
    if asked.etag and present.conditional:
        raise invalid_argument(
            f"Specified policy version ({asked.version}) cannot be less than the existing policy version "
            f"({WITH_CONDITIONS}). For more information, please refer to "
            "https://cloud.google.com/iam/docs/policies#versions."
        )
    if policy.conditional:
        raise invalid_argument(
            f"The policy has version {asked.version}, and a binding with a condition needs version "
            f"{WITH_CONDITIONS}: send the policy with that version."
        )


def check_accounts(cloud: Cloud, members: Iterable[str]) -> None:
    """Insist that the service accounts among some members exist; 400 if one does not."""
    live = {account.email.lower() for account in cloud.accounts.values() if not account.expire_time}
    for member in members:
        kind, _, email = member.partition(":")
        if kind == "serviceAccount" and email.lower() not in live:
            raise invalid_argument(f"Service account {email:.300} does not exist.")


def rename_member(cloud: Cloud, old: str, new: str) -> None:
    """Rename an account that is deleted or brought back in all policies and access lists.

    A namesake made later inherits nothing so.
    """
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
