"""What another hand added to what the stack made: no call needs it, the engine does not see it, and it gives rights.

The stack owns each policy, statement and grant that it makes, and never a whole list of them: it would take away what
another team put there on purpose. So what was added is a warning that names the addition and the command to remove it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Sequence

from keyless_bigquery.trust.members import matches
from keyless_tools.doctor import fixes, grants, identity
from keyless_tools.doctor.answer import JSON, Absent, Answer, Found
from keyless_tools.doctor.expected import Expected
from keyless_tools.doctor.finding import Judgement, not_looked, not_seen, ok, unknown, warning
from keyless_tools.doctor.grants import Grant
from keyless_tools.doctor.observed import Seen

_Addition = tuple[str, str]
"""What was added, in words, and the command that removes it."""

_DEFAULT_ENTRIES = {("OWNER", "projectOwners"), ("WRITER", "projectWriters"), ("READER", "projectReaders")}
"""What BigQuery gives a dataset without an access list of its own. Source: BigQuery REST, ``datasets``, ``access``."""

_DELETED = "deleted:"
"""Before a member that was deleted, and gets nothing by a grant. Source: Google, "Policies with deleted principals"."""

_SCHEDULE = "schedule"
_NOT_OURS = "it is another team's"


def providers(expected: Expected, seen: Seen) -> Judgement:
    """The stack's provider is the only one of its pool: another one can map its own callers to the same principal."""
    pool = expected.pool_name
    if not expected.pool_is_ours:
        return not_looked(_NOT_OURS)
    if not isinstance(seen.providers, Found):
        return _no_answer(f"the list of providers of {pool}", seen.providers)
    if "nextPageToken" in seen.providers.value:
        return unknown(f"{pool} has more providers than the list shows")
    names = [provider["name"] for provider in seen.providers.value.get("workloadIdentityPoolProviders") or []]
    of = {"pool_id": expected.pool_id, "project": expected.pool_project}
    added = [
        (f"provider {name}", fixes.provider("delete", provider_id=name.rpartition("/")[2], **of))
        for name in names
        if name != expected.provider_name
    ]
    return _of(f"{expected.provider_name} alone", f"in {pool}", added)


def policies(expected: Expected, seen: Seen) -> Judgement:
    """The role has the stack's policies and no other."""
    role, answer = expected.trust.role_name, seen.role_policies
    if not isinstance(answer, Found):
        return _no_answer(f"the list of policies of {role}", answer)
    inline, attached = answer.value["inline"], answer.value["attached"]
    # A policy's name ends in digits of a digest of what it is about.
    ours = re.compile(f"(?:{'|'.join(expected.inline_policies)})(?:-[0-9a-f]{{8}})?")
    added = [
        *((f"inline policy {name}", fixes.delete_policy(role, name)) for name in inline
          if not ours.fullmatch(name)),
        *((f"attached policy {arn}", fixes.detach_policy(role, arn)) for arn in attached
          if arn not in expected.attached_policies),
    ]  # fmt: skip
    return _of(f"{role} has {', '.join([*inline, *attached]) or 'none'}", f"on {role}", added)


def callers(expected: Expected, seen: Seen) -> Judgement:
    """The function's policy lets the stack's schedule call it, and nothing else."""
    name = expected.trust.function_name
    if not isinstance(seen.function, Found):
        return not_looked("there is no function to look at")
    added: list[_Addition] = []
    for qualifier, answer in seen.function_policies.items():
        if isinstance(answer, Absent):
            continue
        if not isinstance(answer, Found):
            return not_seen(f"the policy of {name}", answer)
        allowed = _SCHEDULE if expected.scheduled and qualifier == expected.function.partition(":")[2] else None
        statements = json.loads(answer.value["Policy"]).get("Statement") or []
        for statement in [statements] if isinstance(statements, dict) else statements:
            sid = str(statement.get("Sid", ""))
            if sid != allowed:
                action, principal = (json.dumps(statement.get(key)) for key in ("Action", "Principal"))
                what = f"statement {sid}, {statement.get('Effect')} {action} to {principal}"
                added.append((what, fixes.remove_permission(name, sid, qualifier=qualifier, region=expected.region)))
    return _of(f"{_SCHEDULE if expected.scheduled else 'nothing'} is let in", f"on {name}", added)


def account_members(expected: Expected, seen: Seen) -> Judgement:
    """The account's policy names the function's principal and no other."""
    email = expected.service_account
    if email is None or seen.account_policy is None:
        return not_looked("access is direct: there is no account")
    if not isinstance(seen.account_policy, Found):
        return _no_answer(f"the policy of {email}", seen.account_policy)
    ours = {("roles/iam.workloadIdentityUser", expected.principal)}
    added = [
        (what, fixes.remove_from_account(grant, email=email, project=expected.project))
        for what, grant in _others(seen.account_policy.value, ours)
    ]
    return _of(f"{expected.principal} alone", f"on {email}", added)


def reader_grants(expected: Expected, seen: Seen) -> Judgement:
    """In the projects of the stack, who reads has the right to start jobs and no other."""
    principal = identity.reader(expected, seen)
    if principal is None:
        return not_looked("who reads is unknown without the provider's mapping")
    added: list[_Addition] = []
    policies = {expected.table.project: seen.data_project_policy, expected.project: seen.project_policy}
    ours = (expected.project, "roles/bigquery.jobUser")
    for project, answer in policies.items():
        if not isinstance(answer, Found):
            return _no_answer(f"the policy of project {project}", answer)
        added += [
            (f"{grant}", fixes.remove_from_project(grant, project=project))
            for grant in grants.of_policy(answer.value, f"project {project}")
            if matches(grant.member, principal) and (project, grant.role) != ours
        ]
    return _of("roles/bigquery.jobUser alone", "", added)


def table_members(expected: Expected, seen: Seen) -> Judgement:
    """The table's own policy names who reads it by the settings and no other."""
    table = expected.table
    if not expected.table_is_ours:
        return not_looked(_NOT_OURS)
    if not isinstance(seen.table_policy, Found):
        return _no_answer(f"the policy of table {table}", seen.table_policy)
    ours = {("roles/bigquery.dataViewer", member) for member in expected.table_readers}
    added = [
        (what, fixes.remove_from_table(grant, table=table.for_bq))
        for what, grant in _others(seen.table_policy.value, ours)
    ]
    return _of(f"{', '.join(expected.table_readers)} alone", f"on table {table}", added)


def dataset_access(expected: Expected, seen: Seen) -> Judgement:
    """The dataset's access list is BigQuery's own, its project's basic roles and its creator, and who lists it all."""
    name = expected.table.of_dataset.for_bq
    if not expected.table_is_ours:
        return not_looked(_NOT_OURS)
    if not isinstance(seen.dataset, Found):
        return _no_answer(f"dataset {name}", seen.dataset)
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
    return _of("as BigQuery made it", f"in the access list of {name}", added)


def _entry(member: str) -> JSON:
    """The entry by which a member reads a whole dataset; BigQuery answers an account under its e-mail."""
    kind, _, email = member.partition(":")
    return {"role": "READER", **({"userByEmail": email} if kind == "serviceAccount" else {"iamMember": member})}


def _others(policy: JSON, ours: Collection[tuple[str, str]]) -> Iterator[tuple[str, Grant]]:
    """The grants of a policy whose role and member are not among ours, each in words first."""
    for grant in grants.of_policy(policy, ""):
        if (grant.role, grant.member) not in ours and not grant.member.startswith(_DELETED):
            yield f"{grant.role} for {grant.member}{f', where {grant.condition}' if grant.condition else ''}", grant


def _of(fine: str, where: str, added: Sequence[_Addition]) -> Judgement:
    if not added:
        return ok(fine)
    what = "; ".join(what for what, _ in added)
    return warning(
        f"not the stack's {where}".rstrip() + f": {what}", remove=list(dict.fromkeys(how for _, how in added))
    )


def _no_answer(what: str, answer: Answer[JSON]) -> Judgement:
    """Nothing to look at where there is nothing: the link that is about the thing itself reports that."""
    return not_looked(f"{what} is not there") if isinstance(answer, Absent | Found) else not_seen(what, answer)
