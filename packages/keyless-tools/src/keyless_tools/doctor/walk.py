"""The walk along the chain: every link is judged, and what only follows from an earlier one is told apart. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from keyless_tools.doctor.expected import Expected
from keyless_tools.doctor.finding import Finding, Link, Verdict
from keyless_tools.doctor.links import access, additions, federation, function, listed
from keyless_tools.doctor.observed import Seen

Judge = Callable[[Expected, Seen], Finding]
"""Judges one link."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One link of the walk.

    Args:
        link: The link.
        judge: Judges it.
        hangs_on: Links by whose break this one breaks too.
    """

    link: Link
    judge: Judge
    hangs_on: tuple[Link, ...] = ()


STEPS: Sequence[Step] = (
    Step(link=Link.SETTINGS, judge=function.settings),
    Step(link=Link.FUNCTION, judge=function.function),
    Step(link=Link.ROLE, judge=function.role),
    Step(link=Link.ENVIRONMENT, judge=function.variables, hangs_on=(Link.SETTINGS,)),
    Step(link=Link.CREDENTIAL_CONFIGURATION, judge=function.credential_configuration, hangs_on=(Link.SETTINGS,)),
    Step(link=Link.SERVICES, judge=federation.services),
    Step(link=Link.POOL, judge=federation.pool, hangs_on=(Link.SERVICES,)),
    Step(link=Link.ORGANISATION_POLICY, judge=federation.organisation_policy, hangs_on=(Link.SERVICES,)),
    Step(
        link=Link.PROVIDER,
        judge=federation.provider,
        hangs_on=(Link.SERVICES, Link.POOL, Link.ORGANISATION_POLICY),
    ),
    Step(link=Link.ACCOUNT, judge=federation.account),
    Step(link=Link.MAPPING, judge=federation.mapping),
    Step(link=Link.CONDITION, judge=federation.condition, hangs_on=(Link.MAPPING,)),
    Step(link=Link.SERVICE_ACCOUNT, judge=access.service_account, hangs_on=(Link.SERVICES,)),
    Step(link=Link.BINDING, judge=access.binding, hangs_on=(Link.SERVICES, Link.MAPPING, Link.SERVICE_ACCOUNT)),
    Step(link=Link.JOBS, judge=access.jobs, hangs_on=(Link.SERVICES, Link.MAPPING, Link.SERVICE_ACCOUNT)),
    Step(link=Link.TABLE, judge=access.table, hangs_on=(Link.SERVICES,)),
    Step(
        link=Link.ROWS,
        judge=access.rows,
        hangs_on=(Link.SERVICES, Link.MAPPING, Link.SERVICE_ACCOUNT, Link.TABLE),
    ),
    Step(link=Link.LISTED, judge=listed.tables, hangs_on=(Link.SERVICES, Link.MAPPING, Link.SERVICE_ACCOUNT)),
    Step(link=Link.LOG, judge=function.log_group),
    Step(link=Link.OTHER_PROVIDERS, judge=additions.providers, hangs_on=(Link.SERVICES, Link.POOL)),
    Step(link=Link.ROLE_POLICIES, judge=additions.policies),
    Step(link=Link.CALLERS, judge=additions.callers),
    Step(link=Link.ACCOUNT_MEMBERS, judge=additions.account_members, hangs_on=(Link.SERVICES,)),
    Step(link=Link.READER_GRANTS, judge=additions.reader_grants, hangs_on=(Link.SERVICES,)),
    Step(link=Link.TABLE_MEMBERS, judge=additions.table_members, hangs_on=(Link.SERVICES,)),
    Step(link=Link.DATASET_ACCESS, judge=additions.dataset_access, hangs_on=(Link.SERVICES,)),
)
"""Every link, in the order in which a call passes them; at the end what no call needs: the log, and what was added."""


def walk(expected: Expected, seen: Seen) -> tuple[Finding, ...]:
    """One finding for each link, in the chain's order."""
    found: dict[Link, Finding] = {}
    for step in STEPS:
        finding = step.judge(expected, seen)
        cause = next((link for link in step.hangs_on if found[link].verdict in _BAD), None)
        if cause is not None and finding.verdict in (Verdict.FAILED, Verdict.UNKNOWN):
            actual = f"{finding.actual} (check again when {cause.value} is fixed)"
            finding = dataclasses.replace(finding, verdict=Verdict.FOLLOWS, actual=actual, fix="")
        found[step.link] = finding
    return tuple(found.values())


_BAD = (Verdict.FAILED, Verdict.FOLLOWS)


def first_failed(findings: Sequence[Finding]) -> Finding | None:
    """The link to fix first."""
    return next((finding for finding in findings if finding.verdict is Verdict.FAILED), None)
