"""Who holds a role by the allow policies that could be seen: held, perhaps held, or how near the nearest miss is. Pure.

What folders and organisations grant, deny policies, and who belongs to a group can't be seen from a project.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from keyless_bigquery.trust.members import closeness, difference, matches
from keyless_bigquery.trust.principals import Principal
from keyless_tools.doctor.answer import JSON

MAY_IMPERSONATE = frozenset({"roles/iam.workloadIdentityUser", "roles/iam.serviceAccountTokenCreator"})
"""Predefined roles with ``iam.serviceAccounts.getAccessToken``. Source: Google, "IAM roles and permissions index"."""

MAY_START_JOBS = frozenset(
    {
        *("roles/bigquery.jobUser", "roles/bigquery.user", "roles/bigquery.admin"),
        *("roles/bigquery.studioUser", "roles/bigquery.studioAdmin"),
        *("roles/owner", "roles/editor", "roles/viewer"),
    }
)
"""With ``bigquery.jobs.create``. Sources: the same, and BigQuery, "Basic roles and permissions"."""

MAY_READ_ROWS = frozenset(
    {
        *("roles/bigquery.dataViewer", "roles/bigquery.dataEditor", "roles/bigquery.dataOwner"),
        *("roles/bigquery.admin", "roles/bigquery.studioAdmin"),
    }
)
"""With ``bigquery.tables.getData``."""

_OF_ACCESS_LIST = {
    "READER": "roles/bigquery.dataViewer", "WRITER": "roles/bigquery.dataEditor", "OWNER": "roles/bigquery.dataOwner"
}  # fmt: skip
_OF_SPECIAL_GROUP = {
    "projectReaders": "roles/viewer", "projectWriters": "roles/editor", "projectOwners": "roles/owner"
}  # fmt: skip
_OPAQUE = ("group:", "domain:")
_CUSTOM = ("projects/", "organizations/")


@dataclass(frozen=True, kw_only=True)
class Grant:
    """One role for one member.

    Args:
        where: What the policy belongs to, in words.
        role: The role.
        member: The member.
        condition: The condition's expression; empty for none.
    """

    where: str
    role: str
    member: str
    condition: str = ""

    def __str__(self) -> str:
        held = f", where {self.condition}" if self.condition else ""
        return f"{self.role} for {self.member} on {self.where}{held}"


@dataclass(frozen=True, kw_only=True)
class Search:
    """What was found for one principal and one right.

    Args:
        held: Grants that give it.
        perhaps: Grants that may give it: on a condition, to a group, or a custom role.
        nearest: The nearest miss, in one sentence; empty if no member that could be meant has such a role.
    """

    held: tuple[Grant, ...]
    perhaps: tuple[Grant, ...]
    nearest: str


def of_policy(policy: JSON, where: str) -> list[Grant]:
    """The grants of an allow policy."""
    return [
        _grant(where, binding["role"], member, binding)
        for binding in policy.get("bindings") or []
        for member in binding.get("members") or []
    ]


def of_access_list(dataset: JSON, where: str, project: Sequence[Grant]) -> list[Grant]:
    """The grants of a dataset's access list.

    Args:
        dataset: The dataset. Source of its ``access``: BigQuery API, ``Dataset``.
        where: What it is called.
        project: The grants on its project, which say who the list's special groups are.
    """
    found = []
    for entry in dataset.get("access") or []:
        role = _OF_ACCESS_LIST.get(entry.get("role", ""), entry.get("role", ""))
        found += [_grant(where, role, member, entry) for member in _members(entry, project)]
    return found


def _grant(where: str, role: str, member: str, held: JSON) -> Grant:
    condition = (held.get("condition") or {}).get("expression", "")
    return Grant(where=where, role=role, member=member, condition=condition)


def search(principal: Principal, grants: Sequence[Grant], roles: Collection[str]) -> Search:
    """Looks for a right among grants.

    Args:
        principal: Whose right.
        grants: All that could be seen.
        roles: The roles that give it.
    """
    giving = [grant for grant in grants if grant.role in roles]
    ours = [grant for grant in giving if matches(grant.member, principal)]
    misses = [grant for grant in giving if grant not in ours and _is_near(grant.member, principal)]
    near = sorted(misses, key=lambda grant: closeness(grant.member, principal), reverse=True)
    return Search(
        held=tuple(grant for grant in ours if not grant.condition),
        perhaps=(
            *(grant for grant in ours if grant.condition),
            *(grant for grant in giving if grant.member.startswith(_OPAQUE)),
            *(grant for grant in grants if grant.role.startswith(_CUSTOM) and matches(grant.member, principal)),
        ),
        nearest=f"{difference(near[0].member, principal)} ({near[0].role} on {near[0].where})" if near else "",
    )


def _is_near(member: str, principal: Principal) -> bool:
    """Whether a member may have been meant for a principal: another account's e-mail never is."""
    return bool(closeness(member, principal)) if principal.pool else principal.email.lower() in member.lower()


def _members(entry: JSON, project: Sequence[Grant]) -> list[str]:
    if special := entry.get("specialGroup"):
        role = _OF_SPECIAL_GROUP.get(special, "")
        return [grant.member for grant in project if grant.role == role]
    if email := entry.get("userByEmail"):
        return [f"user:{email}", f"serviceAccount:{email}"]
    others = {"groupByEmail": "group:", "domain": "domain:", "iamMember": ""}
    return next(([f"{kind}{entry[key]}"] for key, kind in others.items() if entry.get(key)), [])
