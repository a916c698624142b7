"""What a reader may read besides its first table: each is there, and the reader has the right to it."""

from __future__ import annotations

from keyless_bigquery.trust.principals import Principal
from keyless_tools.doctor import fixes, grants, identity
from keyless_tools.doctor.answer import Found
from keyless_tools.doctor.expected import Expected, TableName
from keyless_tools.doctor.finding import Judgement, Verdict, failed, not_looked, ok
from keyless_tools.doctor.links.access import NO_PRINCIPAL, deleted, grants_of, held, location_of, value_of
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
        return deleted(expected, name, answer, found.dataset, ours=ours)
    location = location_of(found.dataset, answer)
    # Where it is in the first table's location, that is the table's link to report.
    if location.casefold() not in {expected.location.casefold(), location_of(seen.dataset, seen.table).casefold()}:
        return failed(
            f"{what} is in {location}",
            expected=f"{expected.location}, where the function's queries run: no query reads from two locations",
            fix=_other_location(expected, name),
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


def _other_location(expected: Expected, name: TableName) -> str:
    """Takes it from the list; another stack may list it. Where there are several readers it may be in either's list."""
    if expected.place is None:
        return fixes.unlist(expected.stack, expected.listed.index(name))
    return fixes.show_table(name.for_bq)
