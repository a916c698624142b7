"""From the federated token to rows: the service account, who may become it, what it may do, and the table."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence

from keyless_bigquery.command_line import one_after_another
from keyless_bigquery.settings.reader_settings import ONLY_READER
from keyless_bigquery.trust.organisation import MEMBERS_CONSTRAINT, only_values
from keyless_bigquery.trust.principals import Principal
from keyless_tools.doctor import fixes, grants, identity
from keyless_tools.doctor.answer import JSON, Absent, Answer, Found, Hidden, Off, Silent
from keyless_tools.doctor.expected import Expected, TableName
from keyless_tools.doctor.finding import Judgement, Verdict, failed, not_looked, not_seen, not_there, ok, unknown
from keyless_tools.doctor.grants import Grant
from keyless_tools.doctor.observed import Seen

NO_PRINCIPAL = "who the function is in the pool is unknown without the provider's mapping"
_ABOVE = "what folders and organisations grant can't be seen here"


def service_account(expected: Expected, seen: Seen) -> Judgement:
    """The account is there, and enabled."""
    email = expected.service_account or ""
    if seen.service_account is None:
        return not_looked("access is direct: there is none")
    if not isinstance(seen.service_account, Found):
        return not_there(f"service account {email}", seen.service_account, fix=fixes.up(expected.stack))
    if seen.service_account.value.get("disabled"):
        fix = fixes.enable_account(email, project=expected.project)
        return failed(f"{email} is disabled; was it on purpose?", expected="enabled", fix=fix)
    return ok(f"{email} is enabled")


def binding(expected: Expected, seen: Seen) -> Judgement:
    """The function's principal may become the account."""
    if seen.account_policy is None:
        return not_looked("access is direct: no account is impersonated")
    principal = identity.federated(expected, seen)
    if principal is None:
        return not_looked(NO_PRINCIPAL)
    if isinstance(seen.service_account, Absent):
        return not_looked("there is no service account to look at")
    policies = {"the service account": seen.account_policy, f"project {expected.project}": seen.project_policy}
    needed = f"roles/iam.workloadIdentityUser for {expected.principal} on the service account"
    return held(expected, seen, principal, policies, grants.MAY_IMPERSONATE, needed=needed)


def jobs(expected: Expected, seen: Seen) -> Judgement:
    """Who reads may start jobs in the project that pays."""
    principal = identity.reader(expected, seen)
    if principal is None:
        return not_looked(NO_PRINCIPAL)
    policies = {f"project {expected.project}": seen.project_policy}
    needed = f"roles/bigquery.jobUser for {expected.reads_as} on project {expected.project}"
    return held(expected, seen, principal, policies, grants.MAY_START_JOBS, needed=needed)


def table(expected: Expected, seen: Seen) -> Judgement:
    """The table is there, where the function looks for it, with the columns that it selects."""
    name = expected.table
    if not isinstance(seen.table, Found):
        return deleted(expected, name, seen.table, seen.dataset, ours=expected.table_is_ours)
    location = location_of(seen.dataset, seen.table)
    if location.casefold() != expected.location.casefold():
        return failed(
            f"{name} is in {location}",
            expected=f"{expected.location}, where the function looks for it",
            fix=fixes.restore_settings(expected.stack, {"bigqueryLocation": location})
            if expected.table_is_ours
            else fixes.use_location(expected.stack, location),
        )
    there = [str(field["name"]) for field in (seen.table.value.get("schema") or {}).get("fields") or []]
    known = {column.casefold() for column in there}
    missing = [column for column in expected.columns if column.casefold() not in known]
    if missing:
        return failed(
            f"{name} has no column {', '.join(missing)}, but {', '.join(there) or 'none'}",
            expected=f"the columns {', '.join(expected.columns)}, which the function selects",
            fix=_other_columns(expected, [column for column in expected.columns if column not in missing] or there),
        )
    return ok(f"{name} is in {location} and has the columns {', '.join(expected.columns)}")


def deleted(
    expected: Expected, name: TableName, answer: Absent | Hidden | Off | Silent, dataset: Answer[JSON], *, ours: bool
) -> Judgement:
    """A table or a dataset that can't be read. One that is deleted is had back before the engine makes an empty one."""
    gone = name.of_dataset if isinstance(dataset, Absent) else name
    back = (
        fixes.bring_table_back(name.for_bq)
        if gone.table
        else fixes.bring_dataset_back(str(gone), location=expected.location)
    )
    fix = one_after_another(back, fixes.up(expected.stack)) if ours else back
    found = not_there(f"{gone.kind} {gone}", answer, fix=fix)
    if found.verdict is not Verdict.FAILED:
        return found
    needed = f"{found.expected}; within seven days it can be had back with its rows, from a time before it was deleted"
    if ours:
        needed += f". Later `{fixes.up(expected.stack)}` makes an empty one"
    return dataclasses.replace(found, expected=needed)


def location_of(*dataset_or_table: Answer[JSON]) -> str:
    """Where a dataset is, and so every table in it; empty where that is unknown. Source: BigQuery, "Locations"."""
    return next((str(found) for one in dataset_or_table if (found := value_of(one).get("location"))), "")


def rows(expected: Expected, seen: Seen) -> Judgement:
    """Who reads may read the table's rows: by a grant on the table, its dataset or its project."""
    principal = identity.reader(expected, seen)
    if principal is None:
        return not_looked(NO_PRINCIPAL)
    if isinstance(seen.table, Absent):
        return not_looked("there is no table to look at")
    name, project = expected.table, f"project {expected.table.project}"
    listed = grants.of_access_list(
        value_of(seen.dataset), f"dataset {name.of_dataset}", grants_of(seen.data_project_policy, project)
    )
    return held(
        expected,
        seen,
        principal,
        {f"table {name}": seen.table_policy, project: seen.data_project_policy},
        grants.MAY_READ_ROWS,
        needed=f"roles/bigquery.dataViewer for {expected.reads_as} on table {name}",
        more=listed,
        also={"the dataset's access list": seen.dataset},
    )


def _other_columns(expected: Expected, columns: Sequence[str]) -> str:
    """Adds the columns to the stack's table, or selects those that another team's has."""
    if expected.table_is_ours:
        return fixes.up(expected.stack)
    if expected.reader == ONLY_READER and columns:
        return fixes.select_columns(expected.stack, columns)
    return fixes.show_table(expected.table.for_bq)


def held(
    expected: Expected,
    seen: Seen,
    principal: Principal,
    policies: Mapping[str, Answer[JSON]],
    roles: Collection[str],
    *,
    needed: str,
    more: Sequence[Grant] = (),
    also: Mapping[str, Answer[JSON]] | None = None,
) -> Judgement:
    """Whether one of these policies gives a principal a right.

    Args:
        expected: The chain.
        seen: All that was seen.
        principal: Whose right.
        policies: The allow policies, by what they belong to.
        roles: The roles that give it.
        needed: The grant that the stack makes.
        more: Grants that are not in an allow policy.
        also: Where those were looked for.
    """
    found = [grant for where, answer in policies.items() for grant in grants_of(answer, where)]
    search = grants.search(principal, [*found, *more], roles)
    if search.held:
        others = f"; {len(search.held) - 1} more that would suffice" if len(search.held) > 1 else ""
        return ok(f"{search.held[0]}{others}")
    if search.perhaps:
        return unknown(f"only perhaps, and {_ABOVE}: {search.perhaps[0]}")
    for what, answer in {**policies, **(also or {})}.items():
        if not isinstance(answer, Found | Absent):
            return not_seen(f"the policy of {what}" if what in policies else what, answer)
    who = principal.email or principal.member
    actual = search.nearest or f"{who} has none of the roles {', '.join(sorted(roles))} there"
    return failed(f"{actual}; {_ABOVE}{_restricted(seen)}", expected=needed, fix=fixes.up(expected.stack))


def _restricted(seen: Seen) -> str:
    """Whom the organisation lets a policy name, if that is restricted: it may refuse the grant that is missing."""
    allowed = only_values(value_of(seen.members_policy).get("listPolicy") or {})
    return f"; {MEMBERS_CONSTRAINT} may refuse it, and allows {', '.join(allowed)} only" if allowed else ""


def grants_of(answer: Answer[JSON], where: str) -> list[Grant]:
    """The grants of an allow policy; none where it could not be read."""
    return grants.of_policy(value_of(answer), where)


def value_of(answer: Answer[JSON]) -> JSON:
    """What was found; empty where nothing was."""
    return answer.value if isinstance(answer, Found) else {}
