"""The walk along the chain: every link is judged, and what only follows from an earlier one is set apart. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence

from keyless_tools.doctor.expected import Expected
from keyless_tools.doctor.finding import Finding, Judgement, Link, Verdict
from keyless_tools.doctor.links import access, additions, federation, function, guards, last_invocation, listed
from keyless_tools.doctor.observed import Seen

Judge = Callable[[Expected, Seen], Judgement]

_AS_READER = (Link.SERVICES, Link.MAPPING, Link.SERVICE_ACCOUNT)
_BAD = (Verdict.FAILED, Verdict.FOLLOWS)

STEPS: Mapping[Link, tuple[Judge, Sequence[Link]]] = {
    Link.SETTINGS: (function.settings, ()),
    Link.FUNCTION: (function.function, ()),
    Link.ROLE: (function.role, ()),
    Link.ENVIRONMENT: (function.variables, (Link.SETTINGS,)),
    Link.CREDENTIAL_CONFIGURATION: (function.credential_configuration, (Link.SETTINGS,)),
    Link.SERVICES: (federation.services, ()),
    Link.POOL: (federation.pool, (Link.SERVICES,)),
    Link.ORGANISATION_POLICY: (federation.organisation_policy, (Link.SERVICES,)),
    Link.PROVIDER: (federation.provider, (Link.SERVICES, Link.POOL, Link.ORGANISATION_POLICY)),
    Link.ACCOUNT: (federation.account, ()),
    Link.MAPPING: (federation.mapping, ()),
    Link.CONDITION: (federation.condition, (Link.MAPPING,)),
    Link.SERVICE_ACCOUNT: (access.service_account, (Link.SERVICES,)),
    Link.BINDING: (access.binding, _AS_READER),
    Link.JOBS: (access.jobs, _AS_READER),
    Link.TABLE: (access.table, (Link.SETTINGS, Link.SERVICES)),
    Link.ROWS: (access.rows, (*_AS_READER, Link.TABLE)),
    Link.LISTED: (listed.tables, _AS_READER),
    Link.GUARDS: (guards.guards, (*_AS_READER, Link.TABLE)),
    Link.LOG: (function.log_group, ()),
    Link.LAST_INVOCATION: (last_invocation.last_invocation, (Link.LOG,)),
    Link.OTHER_PROVIDERS: (additions.providers, (Link.SERVICES, Link.POOL)),
    Link.ROLE_POLICIES: (additions.policies, ()),
    Link.CALLERS: (additions.callers, ()),
    Link.ACCOUNT_MEMBERS: (additions.account_members, (Link.SERVICES,)),
    Link.READER_GRANTS: (additions.reader_grants, (Link.SERVICES,)),
    Link.TABLE_MEMBERS: (additions.table_members, (Link.SERVICES,)),
    Link.DATASET_ACCESS: (additions.dataset_access, (Link.SERVICES,)),
}
"""Every link, in the order in which a call passes them; at the end what no call needs: the log, and what was added.

Each with what judges it, and the links by whose break it breaks too.
"""


def walk(expected: Expected, seen: Seen) -> tuple[Finding, ...]:
    """One finding for each link, in the chain's order."""
    found: dict[Link, Finding] = {}
    for link, (judge, hangs_on) in STEPS.items():
        finding = Finding(link=link, **vars(judge(expected, seen)))
        cause = next((cause for cause in hangs_on if found[cause].verdict in _BAD), None)
        if cause is None and "pulumi up" in finding.fix and found and found[Link.SETTINGS].verdict in _BAD:
            # It would deploy those settings along with what it puts back.
            cause = Link.SETTINGS
        if cause is not None and finding.verdict in (Verdict.FAILED, Verdict.UNKNOWN):
            actual = f"{finding.actual} (check again when {cause.value} is fixed)"
            finding = dataclasses.replace(finding, verdict=Verdict.FOLLOWS, actual=actual, fix="")
        found[link] = finding
    return tuple(found.values())


def first_failed(findings: Sequence[Finding]) -> Finding | None:
    """The link to fix first."""
    return next((finding for finding in findings if finding.verdict is Verdict.FAILED), None)
