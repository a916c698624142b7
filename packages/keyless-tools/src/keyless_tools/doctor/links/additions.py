"""What another hand added to what the stack made: no call needs it, the engine does not see it, and it gives rights.

The stack owns each policy, statement and grant that it makes, and never a whole list of them: it would take away what
another team put there on purpose. So what was added is a warning that names the addition and the command to remove it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from keyless_tools.doctor import fixes, grants, identity
from keyless_tools.doctor.answer import JSON, Absent, Answer, Found
from keyless_tools.doctor.expected import Expected
from keyless_tools.doctor.finding import Finding, Link, not_looked, not_seen, ok, unknown, warning
from keyless_tools.doctor.grants import Grant
from keyless_tools.doctor.observed import Seen

_Addition = tuple[str, str]
"""What was added, and the command that removes it."""

_DEFAULT_ENTRIES = {
    ("OWNER", "projectOwners"),
    ("WRITER", "projectWriters"),
    ("READER", "projectReaders"),
}
"""What BigQuery gives a dataset without an access list of its own. Source: BigQuery REST, ``datasets``, ``access``."""

_DELETED = "deleted:"
"""Before a member that was deleted, and gets nothing by a grant. Source: Google, "Policies with deleted principals"."""

_SCHEDULE = "schedule"
_NOT_OURS = "it is another team's"


def providers(expected: Expected, seen: Seen) -> Finding:
    """The stack's provider is the only one of its pool: another one can map its own callers to the same principal."""
    link, pool = Link.OTHER_PROVIDERS, expected.pool_name
    if not expected.pool_is_ours:
        return not_looked(link, _NOT_OURS)
    if not isinstance(seen.providers, Found):
        return _no_answer(link, f"the list of providers of {pool}", seen.providers)
    if "nextPageToken" in seen.providers.value:
        return unknown(link, f"{pool} has more providers than the list shows")
    names = [provider["name"] for provider in seen.providers.value.get("workloadIdentityPoolProviders") or []]
    added = [
        (
            f"provider {name}",
            fixes.provider(
                "delete",
                provider_id=name.rpartition("/")[2],
                pool_id=expected.pool_id,
                project=expected.pool_project,
            ),
        )
        for name in names
        if name != expected.provider_name
    ]
    return _of(link, f"{expected.provider_name} alone", f"in {pool}", added)


def policies(expected: Expected, seen: Seen) -> Finding:
    """The role has the stack's policies and no other."""
    link, role, answer = Link.ROLE_POLICIES, expected.trust.role_name, seen.role_policies
    if not isinstance(answer, Found):
        return _no_answer(link, f"the list of policies of {role}", answer)
    inline, attached = answer.value["inline"], answer.value["attached"]
    # A policy's name ends in digits of a digest of what it is about.
    ours = re.compile(f"(?:{'|'.join(expected.inline_policies)})(?:-[0-9a-f]{{8}})?")
    added = [
        (f"inline policy {name}", fixes.delete_role_policy(role, name)) for name in inline if not ours.fullmatch(name)
    ]
    added += [
        (f"attached policy {arn}", fixes.detach_role_policy(role, arn))
        for arn in attached
        if arn not in expected.attached_policies
    ]
    return _of(link, f"{role} has {', '.join([*inline, *attached]) or 'none'}", f"on {role}", added)


def callers(expected: Expected, seen: Seen) -> Finding:
    """The function's policy lets the stack's schedule call it, and nothing else."""
    link, name = Link.CALLERS, expected.trust.function_name
    if not isinstance(seen.function, Found):
        return not_looked(link, "there is no function to look at")
    added: list[_Addition] = []
    for qualifier, answer in seen.function_policies.items():
        if isinstance(answer, Absent):
            continue
        if not isinstance(answer, Found):
            return not_seen(link, f"the policy of {name}", answer)
        allowed = _SCHEDULE if expected.scheduled and qualifier == expected.function.partition(":")[2] else None
        for statement in _statements(answer.value["Policy"]):
            sid = str(statement.get("Sid", ""))
            if sid != allowed:
                remove = fixes.remove_permission(name, sid, qualifier=qualifier, region=expected.region)
                added.append((f"statement {sid}, {_in_words(statement)}", remove))
    return _of(link, f"{_SCHEDULE if expected.scheduled else 'nothing'} is let in", f"on {name}", added)


def account_members(expected: Expected, seen: Seen) -> Finding:
    """The account's policy names the function's principal and no other."""
    link, email = Link.ACCOUNT_MEMBERS, expected.service_account
    if email is None or seen.account_policy is None:
        return not_looked(link, "access is direct: there is no account")
    if not isinstance(seen.account_policy, Found):
        return _no_answer(link, f"the policy of {email}", seen.account_policy)
    ours = ("roles/iam.workloadIdentityUser", expected.principal)
    added = [
        (f"{grant.role} for {grant.member}{_where(grant)}", fixes.remove_account_member(email, grant, expected.project))
        for grant in grants.of_policy(seen.account_policy.value, email)
        if (grant.role, grant.member) != ours and not grant.member.startswith(_DELETED)
    ]
    return _of(link, f"{expected.principal} alone", f"on {email}", added)


def reader_grants(expected: Expected, seen: Seen) -> Finding:
    """In the projects of the stack, who reads has the right to start jobs and no other."""
    link, principal = Link.READER_GRANTS, identity.reader(expected, seen)
    if principal is None:
        return not_looked(link, "who reads is unknown without the provider's mapping")
    added: list[_Addition] = []
    policies = {expected.table.project: seen.data_project_policy, expected.project: seen.project_policy}
    for project, answer in policies.items():
        if not isinstance(answer, Found):
            return _no_answer(link, f"the policy of project {project}", answer)
        added += [
            (f"{grant}", fixes.remove_project_member(project, grant))
            for grant in grants.of_policy(answer.value, f"project {project}")
            if grants.means(grant, principal) and (project, grant.role) != (expected.project, "roles/bigquery.jobUser")
        ]
    return _of(link, "roles/bigquery.jobUser alone", "", added)


def table_members(expected: Expected, seen: Seen) -> Finding:
    """The table's own policy names who reads it by the settings and no other."""
    link, table = Link.TABLE_MEMBERS, expected.table
    if not expected.table_is_ours:
        return not_looked(link, _NOT_OURS)
    if not isinstance(seen.table_policy, Found):
        return _no_answer(link, f"the policy of table {table}", seen.table_policy)
    ours = {("roles/bigquery.dataViewer", member) for member in expected.table_readers}
    added = [
        (f"{grant.role} for {grant.member}{_where(grant)}", fixes.remove_table_member(table.for_bq, grant))
        for grant in grants.of_policy(seen.table_policy.value, f"table {table}")
        if (grant.role, grant.member) not in ours and not grant.member.startswith(_DELETED)
    ]
    return _of(link, f"{', '.join(expected.table_readers)} alone", f"on table {table}", added)


def dataset_access(expected: Expected, seen: Seen) -> Finding:
    """The dataset's access list is BigQuery's own, its project's basic roles and its creator, and who lists it all."""
    link, name = Link.DATASET_ACCESS, f"{expected.table.project}:{expected.table.dataset}"
    if not expected.table_is_ours:
        return not_looked(link, _NOT_OURS)
    if not isinstance(seen.dataset, Found):
        return _no_answer(link, f"dataset {name}", seen.dataset)
    ours = [_entry(member) for member in expected.dataset_readers]
    entries = [
        entry
        for entry in seen.dataset.value.get("access") or []
        if (entry.get("role"), entry.get("specialGroup")) not in _DEFAULT_ENTRIES and entry not in ours
    ]
    makers = [entry for entry in entries if entry.get("role") == "OWNER" and {"userByEmail", "iamMember"} & set(entry)]
    # Its maker is one; of more than one nothing says which.
    if len(makers) == 1:
        entries.remove(makers[0])
    added = [(json.dumps(entry, sort_keys=True), fixes.edit_access_list(name)) for entry in entries]
    return _of(link, "as BigQuery made it", f"in the access list of {name}", added)


def _entry(member: str) -> JSON:
    """The entry by which a member reads a whole dataset; BigQuery answers an account under its e-mail."""
    kind, _, email = member.partition(":")
    return {"role": "READER", **({"userByEmail": email} if kind == "serviceAccount" else {"iamMember": member})}


def _of(link: Link, fine: str, where: str, added: Sequence[_Addition]) -> Finding:
    if not added:
        return ok(link, fine)
    said = f"not the stack's {where}".rstrip()
    return warning(
        link, f"{said}: {'; '.join(what for what, _ in added)}", remove=list(dict.fromkeys(how for _, how in added))
    )


def _no_answer(link: Link, what: str, answer: Answer[JSON]) -> Finding:
    """Nothing to look at where there is nothing: the link that is about the thing itself reports that."""
    if isinstance(answer, Absent | Found):
        return not_looked(link, f"{what} is not there")
    return not_seen(link, what, answer)


def _statements(policy: str) -> Iterator[JSON]:
    statements = json.loads(policy).get("Statement") or []
    yield from [statements] if isinstance(statements, dict) else statements


def _in_words(statement: JSON) -> str:
    return (
        f"{statement.get('Effect')} {json.dumps(statement.get('Action'))} to {json.dumps(statement.get('Principal'))}"
    )


def _where(grant: Grant) -> str:
    return f", where {grant.condition}" if grant.condition else ""
