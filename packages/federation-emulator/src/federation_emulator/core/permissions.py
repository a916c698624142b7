"""Which role holds which permission, and whether a principal holds one on a resource.

The table has the permissions that this cloud's routes ask for, taken from Google's "IAM roles and permissions
index". A role that isn't in the table can't be granted here. ``roles/owner`` holds all of them but
``iam.serviceAccounts.getAccessToken`` and ``datacatalog.categories.fineGrainedGet``: as on Google, an owner can grant
impersonation and access to protected columns but doesn't have them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from federation_emulator.core.clock import rfc3339
from federation_emulator.core.conditions import Circumstances, Condition, untruth
from federation_emulator.core.permission_names import (
    CREATE_JOB,
    DELEGATE,
    FINE_GRAINED_GET,
    GET_ACCESS_TOKEN,
    GET_DATA,
    SET_CATEGORY,
    UPDATE_DATA,
    USE_SERVICES,
)
from keyless_bigquery.trust.members import closeness, difference, matches
from keyless_bigquery.trust.principals import Principal


def _all(prefix: str, names: str) -> set[str]:
    return {f"{prefix}.{name}" for name in names.split()}


_METADATA = _all("bigquery", "datasets.get datasets.getIamPolicy tables.get tables.list")
_VIEW = {*_METADATA, GET_DATA, "bigquery.tables.getIamPolicy"}
_EDIT = {*_VIEW, UPDATE_DATA, *_all("bigquery", "datasets.create tables.create tables.update tables.delete")}
_OWN = {
    *(*_EDIT, SET_CATEGORY),
    *_all("bigquery", "datasets.update datasets.delete tables.setIamPolicy rowAccessPolicies.list"),
}
_JOBS = {CREATE_JOB}
_BIGQUERY_ADMIN = {*_OWN, *_JOBS, *_all("bigquery.jobs", "get listAll update")}
_POOLS, _PROVIDERS = "iam.workloadIdentityPools", "iam.workloadIdentityPoolProviders"
_POOL_READ = _all(_POOLS, "get list") | _all(_PROVIDERS, "get list")
_POOL_CHANGES = "create update delete undelete"
_POOL_ADMIN = _POOL_READ | _all(_POOLS, _POOL_CHANGES) | _all(_PROVIDERS, _POOL_CHANGES)
_ACCOUNT_READ = _all("iam.serviceAccounts", "get list")
_ACCOUNT_CHANGES = "create update disable enable delete undelete getIamPolicy setIamPolicy"
_ACCOUNT_ADMIN = _ACCOUNT_READ | _all("iam.serviceAccounts", _ACCOUNT_CHANGES)
_KEY_READ = _all("iam.serviceAccountKeys", "get list")
_KEY_ADMIN = _KEY_READ | _all("iam.serviceAccountKeys", "create disable enable delete")
_KEY_USE = "policyanalyzer.serviceAccountKeyLastAuthenticationActivities.query"
_KEYS = {*_KEY_ADMIN, _KEY_USE}
_SERVICES = _all("serviceusage.services", "list get")
_SERVICES_ADMIN = {*_SERVICES, USE_SERVICES, *_all("serviceusage.services", "enable disable")}
_PROJECT_IAM = _all("resourcemanager.projects", "get getIamPolicy setIamPolicy")
_REVIEW = {
    *("resourcemanager.projects.getIamPolicy", "serviceusage.services.list", f"{_POOLS}.list", f"{_PROVIDERS}.list"),
    *_all("iam.serviceAccounts", "list getIamPolicy"),
    "iam.serviceAccountKeys.list",
    *_all("bigquery", "datasets.getIamPolicy tables.getIamPolicy tables.list rowAccessPolicies.list"),
}

ROLES: dict[str, frozenset[str]] = {
    name: frozenset(permissions)
    for name, permissions in {
        "roles/owner": {*_BIGQUERY_ADMIN, *_POOL_ADMIN, *_ACCOUNT_ADMIN, *_KEYS, *_SERVICES_ADMIN, *_PROJECT_IAM},
        "roles/browser": {"resourcemanager.projects.get", "resourcemanager.projects.getIamPolicy"},
        "roles/iam.workloadIdentityUser": {GET_ACCESS_TOKEN},
        "roles/iam.serviceAccountTokenCreator": {GET_ACCESS_TOKEN, DELEGATE},
        "roles/iam.serviceAccountUser": _ACCOUNT_READ,
        "roles/iam.serviceAccountViewer": {*_ACCOUNT_READ, *_KEY_READ, "iam.serviceAccounts.getIamPolicy"},
        "roles/iam.serviceAccountAdmin": _ACCOUNT_ADMIN,
        "roles/iam.serviceAccountKeyAdmin": {*_ACCOUNT_READ, *_KEY_ADMIN},
        "roles/iam.securityReviewer": _REVIEW,
        "roles/policyanalyzer.activityAnalysisViewer": {_KEY_USE},
        "roles/orgpolicy.policyViewer": {"orgpolicy.policy.get"},
        "roles/orgpolicy.policyAdmin": {"orgpolicy.policy.get", "orgpolicy.policy.set"},
        "roles/iam.workloadIdentityPoolViewer": _POOL_READ,
        "roles/iam.workloadIdentityPoolAdmin": _POOL_ADMIN,
        "roles/resourcemanager.projectIamAdmin": _PROJECT_IAM,
        "roles/serviceusage.serviceUsageViewer": _SERVICES,
        "roles/serviceusage.serviceUsageConsumer": {*_SERVICES, USE_SERVICES},
        "roles/serviceusage.serviceUsageAdmin": _SERVICES_ADMIN,
        "roles/datacatalog.categoryFineGrainedReader": {FINE_GRAINED_GET},
        "roles/bigquery.jobUser": _JOBS,
        "roles/bigquery.user": {*_JOBS, "bigquery.datasets.create", "bigquery.datasets.get", "bigquery.tables.list"},
        "roles/bigquery.metadataViewer": _METADATA,
        "roles/bigquery.dataViewer": _VIEW,
        "roles/bigquery.dataEditor": _EDIT,
        "roles/bigquery.dataOwner": _OWN,
        "roles/bigquery.admin": _BIGQUERY_ADMIN,
    }.items()
}
"""Role → permissions. A role missing here is refused when a policy is set."""


@dataclass(frozen=True, kw_only=True)
class Binding:
    """One role granted to some members, on the resource whose policy holds it; perhaps on a condition."""

    role: str
    members: tuple[str, ...]
    condition: Condition | None = None


@dataclass(frozen=True, kw_only=True)
class Policy:
    """An allow policy. ``etag`` is base64; :data:`NO_POLICY` stands for one that was never set."""

    bindings: tuple[Binding, ...] = ()
    etag: str = "ACAB"

    @property
    def conditional(self) -> bool:
        """Whether any binding has a condition."""
        return any(binding.condition for binding in self.bindings)


NO_POLICY = Policy()


@dataclass(frozen=True, kw_only=True)
class Grant:
    """The binding by which a permission is held."""

    resource: str
    role: str
    member: str
    condition: Condition | None = None

    def sentence(self) -> str:
        """Say which binding allowed it."""
        held = f", where {self.condition.expression}" if self.condition else ""
        return f"{self.role} for {self.member} on {self.resource}{held}"


@dataclass(frozen=True, kw_only=True)
class Miss:
    """No binding gives the permission; the nearest one and the difference, for a person to fix.

    Attributes:
        actual: The nearest miss, or that there is no binding at all.
        expected: The binding that would have allowed it.
    """

    actual: str
    expected: str


def roles_with(permission: str) -> list[str]:
    """List the roles that hold a permission, the narrowest first."""
    holding = [role for role, permissions in ROLES.items() if permission in permissions]
    return sorted(holding, key=lambda role: len(ROLES[role]))


def modified_roles(before: Policy, after: Policy) -> frozenset[str]:
    """The roles that one of two policies grants in another way than the other: to others, or on another condition."""
    grants = (
        {(b.role, member, b.condition) for b in policy.bindings for member in b.members} for policy in (before, after)
    )
    return frozenset(role for role, _, _ in set.symmetric_difference(*grants))


def decide(
    principal: Principal,
    permission: str,
    policies: Sequence[tuple[str, Policy]],
    *,
    now: datetime,
    modified: Collection[str] = (),
) -> Grant | Miss:
    """Say whether a principal holds a permission on a resource.

    The policies are the resource's own, then its parents' up to the project, each with the name of the resource it is
    set on. A grant on any of them counts: allow policies only ever add. ``modified`` is for conditions:
    :func:`modified_roles` of a ``setIamPolicy``.
    """
    bindings = [(resource, binding) for resource, policy in policies for binding in policy.bindings]
    giving = [(r, b) for r, b in bindings if permission in ROLES.get(b.role, frozenset())]
    asked = policies[0][0] if policies else "the resource"
    circumstances = Circumstances(resource=asked, permission=permission, now=now, modified_roles=modified)
    untrue: Miss | None = None
    for resource, binding in giving:
        for member in binding.members:
            if not matches(member, principal):
                continue
            condition = binding.condition
            why = untruth(condition, circumstances) if condition else ""
            if condition is None or not why:
                return Grant(resource=resource, role=binding.role, member=member, condition=condition)
            where = f"{condition.title!r} of {binding.role} for {member} on {resource}"
            asked_for = f"asked for {asked} at {rfc3339(now)}"
            actual = f"the binding's condition {why} ({where}), {asked_for}"
            untrue = untrue or Miss(actual=actual, expected=f"{condition.expression} is true")
    if untrue is not None:
        return untrue
    expected = f"{roles_with(permission)[0]} for {principal.member} on {asked}"
    return Miss(actual=_nearest(principal, permission, giving, bindings), expected=expected)


def _nearest(
    principal: Principal,
    permission: str,
    giving: Sequence[tuple[str, Binding]],
    bindings: Iterable[tuple[str, Binding]],
) -> str:
    held = [f"{b.role} on {r}" for r, b in bindings if any(matches(m, principal) for m in b.members)]
    others = [(closeness(m, principal), m, b, r) for r, b in giving for m in b.members]
    near = max(others, key=lambda other: other[0], default=None)
    if near is not None and (near[0] >= 2 or not held):
        return f"{difference(near[1], principal)} ({near[2].role} on {near[3]})"
    if held:
        return f"principal has only {', '.join(held)}, without {permission}"
    return f"no binding gives {permission} to any principal"
