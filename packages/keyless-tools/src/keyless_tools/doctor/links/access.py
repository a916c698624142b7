"""From the federated token to rows: the service account, who may become it, what it may do, and the table."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from keyless_bigquery.settings.reader_settings import ONLY_READER
from keyless_bigquery.trust.organisation import MEMBERS_CONSTRAINT, only_values
from keyless_bigquery.trust.principals import Principal
from keyless_tools.doctor import fixes, grants, identity
from keyless_tools.doctor.answer import JSON, Absent, Answer, Found
from keyless_tools.doctor.expected import Expected
from keyless_tools.doctor.finding import Judgement, failed, not_looked, not_seen, not_there, ok, unknown
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
        enable = "gcloud iam service-accounts enable {email} --project={project}"
        fix = fixes.command(enable, email=email, project=expected.project)
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
        fix = fixes.up(expected.stack) if expected.table_is_ours else fixes.bring_table_back(name.for_bq)
        return not_there(f"table {name}", seen.table, fix=fix)
    location = seen.table.value.get("location", "")
    if location.casefold() != expected.location.casefold():
        move = "pulumi config set bigqueryLocation {location} --stack {stack} && pulumi up --stack {stack}"
        return failed(
            f"{name} is in {location}",
            expected=f"{expected.location}, where the function looks for it",
            fix=fixes.command(move, location=location, stack=expected.stack),
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
    return fixes.command("bq show --schema --format=prettyjson {table}", table=expected.table.for_bq)


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
