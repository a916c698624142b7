"""Permission to read what a statement reads: tables, what views select from, ``INFORMATION_SCHEMA``, tagged columns.

Sources: Google, "Authorized views" and "Authorized datasets" (a view in a dataset's access list reads there on behalf
of its readers), "Query multiple tables using a wildcard table", and the pages of each ``INFORMATION_SCHEMA`` view;
"Introduction to column-level access control" and "Restrict access with column-level access control". The Data Catalog,
where each policy tag has a policy of its own, isn't served: what counts is the project of the tag's taxonomy.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from federation_emulator.core.access import authorize
from federation_emulator.core.context import Cloud
from federation_emulator.core.errors import ApiError, invalid_argument, not_found
from federation_emulator.core.permission_names import FINE_GRAINED_GET, GET_DATA
from federation_emulator.core.tokens import Token
from federation_emulator.core.trace import Link, Part, Trail, refuse
from federation_emulator.services.bigquery import access_lists, effects, emulator, resources, rules, understanding
from federation_emulator.services.bigquery.gate import policies_on
from federation_emulator.services.bigquery.ids import INGESTION_COLUMNS
from federation_emulator.services.bigquery.model import DEFAULT_LOCATION, DatasetName, ProjectName, TableName
from federation_emulator.services.bigquery.sql import Statement, UnreadableSqlError
from federation_emulator.services.bigquery.sql.names import SchemaView, Wildcard
from federation_emulator.services.bigquery.sql.tasks import FindProtected, FindUnfiltered, Unreadable, ViewText
from federation_emulator.services.bigquery.sql.writing import Matched, Writing

MOST_READS = 1000
"""BigQuery's limit of tables that one query references (quotas, "Maximum number of tables referenced")."""

_SCHEMA_RIGHTS = ("bigquery.tables.get", "bigquery.tables.list")
_PROJECT_RIGHTS = ("bigquery.datasets.get",)


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Who reads, below which decision: a job's, or without a job the token's; and where, empty if anywhere."""

    token: Token
    decision: str | None
    location: str


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a statement reads, all of it permitted.

    Attributes:
        named: Tables and views that it names, wildcards resolved.
        base: The tables whose rows it reads in the end.
        views: The views on the way there.
        matched: What its wildcard tables stand for.
        location: Where all of that is; empty if it reads nothing and the job may run anywhere.
    """

    named: tuple[TableName, ...]
    base: tuple[TableName, ...]
    views: tuple[TableName, ...]
    matched: Matched
    location: str


async def permit_reading(cloud: Cloud, reader: Reader, statement: Statement) -> Reading:
    """Decide everything that a statement reads, view by view.

    Raises:
        Refused: A permission is missing, or something isn't there.
        ApiError: 400, more tables than BigQuery allows.
    """
    for view in statement.schema_views:
        reader = await _permit_schema_view(cloud, reader, view)
    matched = tuple([(wildcard, await _matching(cloud, reader, wildcard)) for wildcard in statement.wildcards])
    # A caller that may not read what a wildcard stands for doesn't learn its name either.
    asked = {table: wildcard for wildcard, tables in matched for table in tables if table not in statement.reads}
    named = dict.fromkeys([*statement.reads, *(table for _, tables in matched for table in tables)])
    waiting: list[tuple[TableName, TableName | None]] = [(table, None) for table in named]
    seen, base, views = set(waiting), dict[TableName, None](), dict[TableName, None]()
    while waiting:
        if len(seen) > MOST_READS:
            raise invalid_argument("The query reads too many tables and views.", reason="resourcesExceeded")
        table, via = waiting.pop(0)
        selected = await _permit_table(cloud, reader, table, via, asked.get(table, table))
        # A job that doesn't say where runs where the first dataset is, and finds no other's there.
        reader = replace(reader, location=reader.location or await emulator.location_of(cloud, table.within))
        if selected is None:
            base[table] = None
            continue
        views[table] = None
        following = [(name, table) for name in selected if (name, table) not in seen]
        waiting += following
        seen.update(following)
    wild = {table for _, tables in matched for table in tables}
    if wild & set(views):
        raise invalid_argument("Views cannot be queried through prefix.", reason="invalidQuery")
    return Reading(named=tuple(named), base=tuple(base), views=tuple(views), matched=matched, location=reader.location)


async def _permit_schema_view(cloud: Cloud, reader: Reader, view: SchemaView) -> Reader:
    """Decide a view of ``INFORMATION_SCHEMA``; return the reader, who is from then on where its dataset is."""
    on = view.dataset or ProjectName(project=view.project)
    with deciding(cloud, reader, on.resource) as trail:
        for permission in _SCHEMA_RIGHTS if view.dataset else _PROJECT_RIGHTS:
            authorize(reader.token, permission, policies_on(cloud, on), trail, rules.query_denied(view, permission))
        if view.dataset is None:
            if reader.location and view.region not in {"", reader.location}:
                missing = f"Not found: Table {view} was not found in location {reader.location}"
                _refuse_absent(not_found(missing), view, view.region)
            return replace(reader, location=reader.location or view.region)
        await check_there(cloud, reader, view.dataset, None)
    return replace(reader, location=reader.location or await emulator.location_of(cloud, view.dataset))


async def _permit_table(
    cloud: Cloud, reader: Reader, table: TableName, via: TableName | None, asked: TableName | Wildcard
) -> tuple[TableName, ...] | None:
    """Decide one table, read as such or by a view, under the name by which it is asked for.

    Returns what it selects from; ``None`` for a table.
    """
    with deciding(cloud, reader, table.resource) as trail:
        if via is not None and access_lists.authorises(cloud.datasets.seen(table.within.resource), via):
            trail.passed(Part.PERMISSION, GET_DATA, f"{via} is authorised in the access list of {table.within}")
        else:
            authorize(reader.token, GET_DATA, policies_on(cloud, table), trail, rules.query_denied(asked))
        resource = await emulator.find(cloud, table)
        await check_there(cloud, reader, table.within, table if resource is None else None)
        return await _selected_by(cloud, table, resource or {})


async def _matching(cloud: Cloud, reader: Reader, wildcard: Wildcard) -> tuple[TableName, ...]:
    """Find what a wildcard table stands for. That there is nothing, only readers of the dataset learn."""
    listed = await emulator.list_tables(cloud, wildcard.dataset)
    names = sorted(entry["tableReference"]["tableId"] for entry in listed or [])
    found = tuple(wildcard.dataset.table(name) for name in names if wildcard.matches(name))
    if not found:
        with deciding(cloud, reader, wildcard.dataset.resource) as trail:
            denied = rules.query_denied(wildcard)
            authorize(reader.token, GET_DATA, policies_on(cloud, wildcard.dataset), trail, denied)
            await check_there(cloud, reader, wildcard.dataset, None)
            _refuse_absent(not_found(f"{wildcard} does not match any table."), "a table of that prefix")
    return found


def deciding(cloud: Cloud, reader: Reader, resource: str, *, quiet: bool = False) -> AbstractContextManager[Trail]:
    """Record what is decided of a table inside the block, below the reader's decision; if quiet, only a refusal."""
    return cloud.trace.deciding(
        Link.TABLE, resource=resource, principal=reader.token.principal.member, parent=reader.decision, quiet=quiet
    )


async def check_there(cloud: Cloud, reader: Reader, dataset: DatasetName, missing: TableName | None) -> None:
    """Insist that a dataset is where the job runs.

    Raises:
        Refused: 404, it is elsewhere, or isn't there, or hasn't the table.
    """
    expected, actual = reader.location or DEFAULT_LOCATION, await emulator.location_of(cloud, dataset)
    if not actual or (reader.location and expected.lower() != actual.lower()):
        _refuse_absent(
            not_found(f"Not found: Dataset {dataset} was not found in location {expected}"), dataset, expected
        )
    if missing is not None:
        _refuse_absent(not_found(f"Not found: Table {missing} was not found in location {actual}"), missing, actual)


def _refuse_absent(error: ApiError, expected: object, location: str = "") -> NoReturn:
    refuse(
        Part.REQUEST,
        rule="the table must exist in the location of the job",
        actual=error.message,
        expected=f"{expected} in {location}" if location else f"{expected}",
        fix="check the table's name, and set the job's location to the dataset's",
        answer=error,
    )


async def _selected_by(cloud: Cloud, table: TableName, resource: dict[str, Any]) -> tuple[TableName, ...] | None:
    """Return what a view selects from; ``None`` for a table."""
    kind, view = resource.get("type"), cloud.views.get(table.resource)
    if kind == "TABLE":
        return None
    if view is None or kind != "VIEW":
        problem = UnreadableSqlError("a table must be a plain table or a view made through this gateway", f"{kind}")
        rules.refuse_statement(Unreadable.of(problem))
    project, default = view.home(table)
    return (await understanding.analyse(cloud, view.query, project=project, default=default)).reads


async def check_filters(
    cloud: Cloud, reader: Reader, statement: Statement, sql: str, reading: Reading, writing: Writing
) -> None:
    """Insist on the partition filter that each table requires of the statement, and of the views that it reads.

    Raises:
        Refused: 400, a filter is missing, or the columns can't be resolved.
    """
    touched = {*reading.named, *reading.views, *reading.base, *([statement.target] if statement.target else [])}
    required: list[tuple[TableName, tuple[str, ...]]] = []
    for table in sorted(touched):
        resource = effects.with_details(cloud, table, await emulator.find(cloud, table) or {})
        if resource.get(resources.REQUIRED):
            column = (resource.get("timePartitioning") or {}).get("field")
            required.append((table, (str(column),) if column else INGESTION_COLUMNS))
    if not required:
        return
    texts = []
    for name in reading.views:
        if (view := cloud.views.get(name.resource)) is not None:
            project, default = view.home(name)
            texts.append(ViewText(table=name, sql=view.query, writing=Writing(project=project, default=default)))
    task = FindUnfiltered(
        sql=sql,
        writing=writing,
        views=tuple(texts),
        columns=tuple([await emulator.columns_of(cloud, table) for table in sorted(touched)]),
        partitioned=tuple(required),
    )
    for table in await understanding.find_unfiltered(cloud, task):
        with deciding(cloud, reader, table.resource):
            columns = dict(required)[table]
            refuse(
                Part.REQUEST,
                rule="the query must have the partition filter that the table requires",
                actual="no predicate on its partitioning column alone, compared with constants",
                expected=f"WHERE {columns[-1]} = a constant, or another comparison, in front of each other condition",
                fix="filter on the partitioning column with constants, next to AND, not next to OR",
                answer=rules.filter_missing(table, columns),
            )


async def permit_protected(
    cloud: Cloud, reader: Reader, statement: Statement, sql: str, reading: Reading, writing: Writing
) -> None:
    """Decide the protected columns that a statement reads, by itself and through its views.

    A view counts with all columns that it selects, whichever the statement takes from it.

    Raises:
        Refused: 403, a column is protected and the reader has no fine-grained access; 400, columns that can't be
            resolved where some are protected.
    """
    changed = [need.on for need in statement.needs if isinstance(need.on, TableName)]
    protected = frozenset(
        (table, column)
        for table in {*reading.base, *changed}
        if (tagged := cloud.column_tags.get(table.resource)) is not None
        for column in tagged.tags
    )
    if not protected:
        return
    texts = [(sql, writing, {*reading.named, *changed})]
    for name in reading.views:
        if (view := cloud.views.get(name.resource)) is not None:
            project, default = view.home(name)
            selected = await understanding.analyse(cloud, view.query, project=project, default=default)
            texts.append((view.query, Writing(project=project, default=default), set(selected.reads)))
    for text, written, named in texts:
        columns = tuple([await emulator.columns_of(cloud, table) for table in sorted(named)])
        task = FindProtected(sql=text, writing=written, columns=columns, protected=tuple(sorted(protected)))
        read = await understanding.find_protected(cloud, task)
        permit_columns(cloud, reader, read)


def permit_columns(cloud: Cloud, reader: Reader, columns: Iterable[tuple[TableName, str]]) -> None:
    """Decide protected columns, tag by tag.

    Raises:
        Refused: 403, no fine-grained access to a tag.
    """
    by_tag: dict[str, list[tuple[TableName, str]]] = {}
    for table, column in sorted(set(columns)):
        if (tagged := cloud.column_tags.get(table.resource)) is not None:
            by_tag.setdefault(tagged.tags[column], []).append((table, column))
    for tag, protected in by_tag.items():
        table, column = protected[0]
        with deciding(cloud, reader, f"{table.resource} column {column}") as trail:
            policies = [(tag, policies_on(cloud, ProjectName(project=tag.split("/")[1]))[0][1])]
            authorize(reader.token, FINE_GRAINED_GET, policies, trail, rules.columns_denied(protected, tag))
