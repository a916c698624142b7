"""What guards rows besides grants: what a table is, what a view reads, tags, filters, keys and row access policies."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from keyless_bigquery.command_line import command_line
from keyless_tools.doctor import fixes, grants, identity
from keyless_tools.doctor.answer import JSON, Absent, Answer, Found
from keyless_tools.doctor.expected import Expected, TableName
from keyless_tools.doctor.finding import Judgement, Verdict, failed, not_looked, not_seen, ok, unknown
from keyless_tools.doctor.links.access import NO_PRINCIPAL, grants_of, held, value_of
from keyless_tools.doctor.links.table_kinds import Note, authorised, kinds_in, notes
from keyless_tools.doctor.observed import Listed, Seen


def guards(expected: Expected, seen: Seen) -> Judgement:
    """Nothing but the grant stands between the reader and the rows, or what does could be seen."""
    tables = {expected.table: (seen.table, seen.dataset)}
    for name in expected.listed:
        found = seen.listed[str(name)]
        if found.table is not None:
            tables[name] = (found.table, found.dataset)
    there = {name: (table.value, dataset) for name, (table, dataset) in tables.items() if isinstance(table, Found)}
    if not there:
        return not_looked("there is no table to look at")
    found_notes: list[tuple[TableName, Note]] = []
    for name, (table, dataset) in there.items():
        columns = expected.columns if name == expected.table else ()
        of_table = notes(name, table, value_of(dataset), columns=columns, at=seen.at)
        found_notes += [(name, note) for note in (*of_table, *_others(expected, seen, name))]
    found_notes += [(name, note) for name in expected.listed if not name.table for note in _in_dataset(seen, name)]
    return _judged(found_notes)


def _judged(found: Sequence[tuple[TableName, Note]]) -> Judgement:
    for name, note in found:
        if note.expected:
            fix = note.fix or fixes.show_table(name.for_bq)
            return failed(f"{name}: {note.text}", expected=note.expected, fix=fix)
    if unsure := [f"{name}: {note.text}; {note.check}" for name, note in found if note.check]:
        return unknown(". ".join(unsure))
    return ok(". ".join(f"{name}: {note.text}" for name, note in found) or "nothing but the grants")


def _others(expected: Expected, seen: Seen, name: TableName) -> Iterator[Note]:
    """What further looks found: the tables that a view reads, and row access policies."""
    found = seen.guarded[str(name)]
    for base, looked_at in found.reads.items():
        yield _read_by_view(expected, seen, name, TableName.parse(base), looked_at)
    if found.more_reads:
        show = command_line("bq", "show", "--view", name.for_bq)
        yield Note(
            text="its query may read more than was looked at",
            check=f"the reader needs a right to each table that does not authorise the view: `{show}`",
        )
    if found.row_policies is not None:
        yield from _row_policies(name, found.row_policies)


def _read_by_view(expected: Expected, seen: Seen, view: TableName, base: TableName, found: Listed) -> Note:
    """Who reads a view reads its tables by their own grants, unless their dataset authorises the view."""
    dataset, text = base.of_dataset, f"its query reads {base}"
    if authorised(view, value_of(found.dataset)):
        return Note(text=f"{text}, whose dataset authorises it")
    principal = identity.reader(expected, seen)
    if principal is None:
        return Note(text=text, check=NO_PRINCIPAL)
    if isinstance(found.dataset, Absent) or isinstance(found.policy, Absent):
        return Note(text=f"its query seems to read {base}", check="it is not there, or is no table")
    project = f"project {base.project}"
    own = {} if found.policy is None else {f"table {base}": found.policy}
    right = held(
        expected,
        seen,
        principal,
        {**own, project: found.project_policy},
        grants.MAY_READ_ROWS,
        needed="",
        more=grants.of_access_list(
            value_of(found.dataset), f"dataset {dataset}", grants_of(found.project_policy, project)
        ),
        also={f"dataset {dataset}": found.dataset},
    )
    if right.verdict is Verdict.OK:
        return Note(text=f"{text}: {right.actual}")
    if right.verdict is Verdict.UNKNOWN:
        return Note(text=text, check=f"that {expected.reads_as} may, or that the view is authorised: {right.actual}")
    entry = {"view": {"projectId": view.project, "datasetId": view.dataset, "tableId": view.table}}
    return Note(
        text=f"{text}, whose dataset does not authorise it; {right.actual}",
        expected=f"{json.dumps(entry)} in the access list of {dataset}, or a grant on {base} to {expected.reads_as}",
        fix=fixes.edit_access_list(dataset.for_bq),
    )


def _row_policies(name: TableName, answer: Answer[JSON]) -> Iterator[Note]:
    """Source: BigQuery, "Introduction to row-level security": a reader that no policy names gets no rows."""
    show, without = command_line("bq", "ls", "--row_access_policies", name.for_bq), "gets no rows, and no error"
    if isinstance(answer, Found):
        entries = answer.value.get("rowAccessPolicies") or []
        ids = [str((entry.get("rowAccessPolicyReference") or {}).get("policyId")) for entry in entries]
        if ids:
            yield Note(
                text=f"row access policies {', '.join(ids)}",
                check=f"a reader that none of them names {without}: `{show}`",
            )
        return
    unseen = "its list is not there" if isinstance(answer, Absent) else not_seen("its list", answer).actual
    yield Note(
        text="row access policies, if it has any", check=f"{unseen}. A reader that none names {without}: `{show}`"
    )


def _in_dataset(seen: Seen, name: TableName) -> Iterator[Note]:
    answer = seen.listed[str(name)].tables
    if answer is None or isinstance(answer, Absent):
        return
    if not isinstance(answer, Found):
        yield Note(text="its tables", check=not_seen("their list", answer).actual)
        return
    for kind, ids in kinds_in(answer.value.get("tables") or []).items():
        yield Note(text=f"{kind}: {', '.join(ids)}", check="each may need more than the grant on the dataset")
    if "nextPageToken" in answer.value:
        yield Note(text="more tables than the list shows", check="they may be views or external tables")
