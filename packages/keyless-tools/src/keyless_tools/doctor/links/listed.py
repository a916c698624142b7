"""What a reader may read besides its first table: each is there, and the reader has the right to it."""

from __future__ import annotations

from keyless_bigquery.trust.principals import Principal
from keyless_tools.doctor import fixes, grants, identity
from keyless_tools.doctor.answer import Found
from keyless_tools.doctor.expected import Expected, TableName
from keyless_tools.doctor.finding import Judgement, Verdict, failed, not_looked, not_there, ok
from keyless_tools.doctor.links.access import NO_PRINCIPAL, grants_of, held, value_of
from keyless_tools.doctor.observed import Listed, Seen

_BY_URGENCY = (Verdict.FAILED, Verdict.UNKNOWN)


def tables(expected: Expected, seen: Seen) -> Judgement:
    """Each can be read; the first that can't is named."""
    if not expected.listed:
        return not_looked("the setting tables lists none")
    principal = identity.reader(expected, seen)
    if principal is None:
        return not_looked(NO_PRINCIPAL)
    found = [_one(expected, seen, name, principal) for name in expected.listed]
    for verdict in _BY_URGENCY:
        if worst := next((judgement for judgement in found if judgement.verdict is verdict), None):
            return worst
    return ok(f"each is granted: {', '.join(map(str, expected.listed))}")


def _one(expected: Expected, seen: Seen, name: TableName, principal: Principal) -> Judgement:
    found, what = seen.listed[str(name)], f"{name.kind} {name}"
    answer = found.dataset if found.table is None else found.table
    if not isinstance(answer, Found):
        ours = expected.table_is_ours and name.of_dataset == expected.table.of_dataset
        return not_there(what, answer, fix=fixes.up(expected.stack) if ours else _bring_back(name))
    location = answer.value.get("location", "")
    if location.casefold() != expected.location.casefold():
        return failed(
            f"{what} is in {location}",
            expected=f"{expected.location}, where the function's queries run: no query reads from two locations",
            fix=fixes.command("bq show --format=prettyjson {name}", name=name.for_bq),
        )
    return _granted(expected, seen, name, found, principal)


def _granted(expected: Expected, seen: Seen, name: TableName, found: Listed, principal: Principal) -> Judgement:
    project, dataset = f"project {name.project}", f"dataset {name.of_dataset}"
    own = {} if found.policy is None else {f"table {name}": found.policy}
    return held(
        expected,
        seen,
        principal,
        {**own, project: found.project_policy},
        grants.MAY_READ_ROWS,
        needed=f"roles/bigquery.dataViewer for {expected.reads_as} on {name.kind} {name}",
        more=grants.of_access_list(value_of(found.dataset), dataset, grants_of(found.project_policy, project)),
        also={f"{dataset}'s access list": found.dataset},
    )


def _bring_back(name: TableName) -> str:
    """A dataset can be had back within its time travel window. Source: BigQuery, "Restore deleted datasets"."""
    if name.table:
        return fixes.bring_table_back(name.for_bq)
    return fixes.command("bq query --use_legacy_sql=false", f"UNDROP SCHEMA `{name}`")
