"""What a reader may read besides its first table: each is there, and the reader has the right to it."""

from __future__ import annotations

from keyless_bigquery.trust.principals import Principal
from keyless_tools.doctor import fixes, grants, identity
from keyless_tools.doctor.answer import Found
from keyless_tools.doctor.expected import Expected, TableName
from keyless_tools.doctor.finding import Finding, Link, Verdict, failed, not_looked, not_there, ok
from keyless_tools.doctor.links.access import NO_PRINCIPAL, grants_of, held, value_of
from keyless_tools.doctor.observed import Listed, Seen

_BY_URGENCY = (Verdict.FAILED, Verdict.UNKNOWN)


def tables(expected: Expected, seen: Seen) -> Finding:
    """Each can be read; the first that can't is named."""
    if not expected.listed:
        return not_looked(Link.LISTED, "the setting tables lists none")
    principal = identity.reader(expected, seen)
    if principal is None:
        return not_looked(Link.LISTED, NO_PRINCIPAL)
    found = [_one(expected, seen, name, principal) for name in expected.listed]
    for verdict in _BY_URGENCY:
        if worst := next((finding for finding in found if finding.verdict is verdict), None):
            return worst
    return ok(Link.LISTED, f"each is granted: {', '.join(map(str, expected.listed))}")


def _one(expected: Expected, seen: Seen, name: TableName, principal: Principal) -> Finding:
    found, what = seen.listed[str(name)], f"{name.kind} {name}"
    answer = found.dataset if found.table is None else found.table
    if not isinstance(answer, Found):
        ours = expected.table_is_ours and name.of_dataset == expected.table.of_dataset
        fix = fixes.up(expected.stack) if ours else _bring_back(name)
        return not_there(Link.LISTED, what, answer, fix=fix)
    location = answer.value.get("location", "")
    if location.casefold() != expected.location.casefold():
        return failed(
            Link.LISTED,
            f"{what} is in {location}",
            expected=f"{expected.location}, where the function's queries run: no query reads from two locations",
            fix=fixes.show(name.for_bq),
        )
    return _granted(expected, seen, name, found, principal)


def _granted(expected: Expected, seen: Seen, name: TableName, found: Listed, principal: Principal) -> Finding:
    project, dataset = f"project {name.project}", f"dataset {name.of_dataset}"
    own = {} if found.policy is None else {f"table {name}": found.policy}
    return held(
        seen,
        Link.LISTED,
        principal,
        {**own, project: found.project_policy},
        grants.MAY_READ_ROWS,
        expected=f"roles/bigquery.dataViewer for {expected.reads_as} on {name.kind} {name}",
        fix=fixes.up(expected.stack),
        more=grants.of_access_list(value_of(found.dataset), dataset, grants_of(found.project_policy, project)),
        also={f"{dataset}'s access list": found.dataset},
    )


def _bring_back(name: TableName) -> str:
    return fixes.bring_table_back(name.for_bq) if name.table else fixes.bring_dataset_back(str(name))
