"""An allow policy as it is written in requests and answers. Pure.

Source: Google, "Policy" of the IAM v1 API, and "Policy versions" of the IAM documentation.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from federation_emulator.core.conditions import MOST_DESCRIPTION_CHARACTERS, Condition, condition_problem
from federation_emulator.core.errors import invalid_argument, unimplemented
from federation_emulator.core.http import text_field
from federation_emulator.core.permissions import ROLES, Binding, Policy
from keyless_bigquery.trust.members import member_problem

MOST_PRINCIPALS = 1500
"""IAM quotas: principals in one allow policy."""

MOST_CONDITIONS = 100
"""IAM quotas: bindings with a condition in one allow policy."""

MOST_CONDITIONS_OF_A_GRANT = 20
"""IAM quotas: bindings of the same role to the same principal that differ in their conditions."""

WITH_CONDITIONS = 3
"""The policy version that has conditions."""

_WITHHELD = "_withcond_"
_BASIC_ROLES = frozenset({"roles/owner", "roles/editor", "roles/viewer"})
_CUSTOM_ROLES = ("projects/", "organizations/")
_POLICY = frozenset({"bindings", "etag", "version", "auditConfigs"})


@dataclass(frozen=True, kw_only=True)
class PolicyRequest:
    """What a ``setIamPolicy`` asks for.

    Attributes:
        bindings: The bindings that the policy shall have; ``None`` to leave them as they are.
        etag: Of the policy that was read before; empty to overwrite whatever is there.
        version: 0, 1 or 3.
    """

    bindings: tuple[Binding, ...] | None
    etag: str
    version: int


def policy_wire(policy: Policy, *, version: int = WITH_CONDITIONS) -> dict[str, Any]:
    """Write a policy as ``getIamPolicy`` answers it; ``bindings`` is left out when empty.

    Below version 3 conditions are withheld, and their roles renamed so that no caller takes the bindings for
    unconditional ones.
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
    return {**wire, "role": f"{binding.role}{_WITHHELD}{mark}"}


def requested_version(body: dict[str, Any], query: Mapping[str, str]) -> int:
    """Read the policy version that a ``getIamPolicy`` asks for: in the body, or as a query parameter.

    Raises:
        ApiError: 400, not 0, 1 or 3.
    """
    version = (body.get("options") or {}).get("requestedPolicyVersion")
    if version is None:
        version = query.get("options.requestedPolicyVersion", "0")
    return _version(version, "options.requested_policy_version")


def read_policy(body: dict[str, Any]) -> PolicyRequest:
    """Read the body of a ``setIamPolicy``; a policy without ``bindings`` asks for none.

    Raises:
        ApiError: 400, no policy, or a role, member or condition that is malformed or can't be known; 501, audit
            configurations and custom roles.
    """
    asked = body.get("policy")
    if asked is None:
        raise invalid_argument("The request has no policy: nothing was changed.")
    _check_given(asked, where="policy")
    if asked.get("auditConfigs"):
        raise unimplemented("auditConfigs are not offered by the local cloud: nothing here is audited.")
    bindings = _read_bindings(asked.get("bindings") or [])
    return PolicyRequest(
        bindings=bindings if _changes_bindings(body) else None,
        etag=asked.get("etag") or "",
        version=_version(asked.get("version") or 0, "policy.version"),
    )


def _check_given(given: dict[str, Any], *, where: str) -> None:
    """Insist that no field is ``null``: read as one that isn't there it would take away what it names.

    Without bindings a policy is emptied, and without its condition a binding counts always. Etag and version ask for
    less without a value, not for more.
    """
    if empty := sorted(name for name, value in given.items() if value is None and name not in {"etag", "version"}):
        raise invalid_argument(f"Invalid value at '{where}.{empty[0]}', null: leave the field out to have none.")


def _changes_bindings(body: dict[str, Any]) -> bool:
    mask = text_field(body, "updateMask")
    paths = {path.strip().replace("audit_configs", "auditConfigs") for path in mask.split(",") if path.strip()}
    if unknown := sorted(paths - _POLICY):
        raise invalid_argument(f"Invalid update_mask {mask!r:.200}: a policy has no {', '.join(unknown)}.")
    return not paths or "bindings" in paths


def _version(value: object, name: str) -> int:
    if str(value) not in {"0", "1", "3"}:
        raise invalid_argument(f"Invalid value at '{name}': {value!r:.40}. Valid versions are 0, 1 and 3.")
    return int(str(value))


def _read_bindings(listed: list[dict[str, Any]]) -> tuple[Binding, ...]:
    merged: dict[tuple[str, Condition | None], dict[str, None]] = {}
    for entry in listed:
        role, members, condition = _read_binding(entry)
        merged.setdefault((role, condition), {}).update(dict.fromkeys(members))
    _check_counts(merged)
    return tuple(
        Binding(role=role, members=tuple(members), condition=condition)
        for (role, condition), members in merged.items()
        if members
    )


def _check_counts(merged: Mapping[tuple[str, Condition | None], Collection[str]]) -> None:
    if sum(len(members) for members in merged.values()) > MOST_PRINCIPALS:
        raise invalid_argument(f"The policy has more than {MOST_PRINCIPALS} principals.")
    conditional = {key: members for key, members in merged.items() if key[1] is not None}
    if len(conditional) > MOST_CONDITIONS:
        raise invalid_argument(f"The policy has {len(conditional)} conditions; the limit is {MOST_CONDITIONS}.")
    grants = Counter((role, member) for (role, _), members in conditional.items() for member in members)
    for (role, member), count in grants.most_common(1):
        if count > MOST_CONDITIONS_OF_A_GRANT:
            raise invalid_argument(
                f"{role} is granted to {member:.200} on {count} conditions; the limit is {MOST_CONDITIONS_OF_A_GRANT}."
            )


def _read_binding(entry: dict[str, Any]) -> tuple[str, list[str], Condition | None]:
    if entry.get("role") is None:
        raise invalid_argument("Each binding must be an object with a role.")
    _check_given(entry, where="policy.bindings")
    role, members = entry["role"], entry.get("members") or []
    _check_role(role)
    for member in members:
        if problem := member_problem(member):
            raise invalid_argument(problem)
    return role, members, _read_condition(role, entry.get("condition"))


def _check_role(role: str) -> None:
    if role in ROLES:
        return
    if role.startswith(_CUSTOM_ROLES):
        raise unimplemented(
            f"Custom roles ({role:.200}) are not offered by the local cloud: what one holds is not known here. Grant a "
            "predefined role."
        )
    hint = ""
    if _WITHHELD in role:
        hint = (
            f" The name stands for a binding whose condition was withheld: read the policy with "
            f"requestedPolicyVersion {WITH_CONDITIONS}."
        )
    raise invalid_argument(
        f"Role {role:.200} is not supported for this resource.{hint} Known here: {', '.join(ROLES)}."
    )


def _read_condition(role: str, given: dict[str, Any] | None) -> Condition | None:
    if given is None:
        return None
    _check_given(given, where="policy.bindings.condition")
    if role in _BASIC_ROLES:
        raise invalid_argument(f"The binding of the basic role {role} can't have a condition.")
    condition = Condition(
        title=text_field(given, "title"),
        expression=text_field(given, "expression"),
        description=text_field(given, "description", limit=MOST_DESCRIPTION_CHARACTERS),
        location=text_field(given, "location", limit=MOST_DESCRIPTION_CHARACTERS),
    )
    if problem := condition_problem(condition):
        raise invalid_argument(f"The condition of {role} {problem}.")
    return condition
