"""Admission of a job: permission to create it, a statement that is understood, then permission on all it touches."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from starlette.requests import Request

from federation_emulator.core.access import BIGQUERY_SCOPES, authenticate, authorize, check_enabled
from federation_emulator.core.context import Cloud
from federation_emulator.core.errors import invalid_argument, unimplemented
from federation_emulator.core.permission_names import CREATE_JOB
from federation_emulator.core.tokens import Token
from federation_emulator.core.trace import Link, Part
from federation_emulator.services.bigquery import emulator, rules, understanding
from federation_emulator.services.bigquery.gate import SERVICE, make_dataset, policies_on
from federation_emulator.services.bigquery.model import (
    DEFAULT_LOCATION,
    DatasetName,
    ProjectName,
    TableName,
    is_location,
    location_name,
)
from federation_emulator.services.bigquery.query_parameters import read_parameters
from federation_emulator.services.bigquery.reading import (
    Reader,
    Reading,
    check_filters,
    check_there,
    deciding,
    permit_protected,
    permit_reading,
)
from federation_emulator.services.bigquery.sql import Statement
from federation_emulator.services.bigquery.sql.tasks import Prepare, Prepared
from federation_emulator.services.bigquery.sql.writing import Writing

_SCAN_THEIR_TARGET = frozenset({"UPDATE", "DELETE", "MERGE", "TRUNCATE_TABLE"})


@dataclass(frozen=True, kw_only=True)
class Admitted:
    """A job that may run.

    Attributes:
        payer: The project that it runs in and that pays for it.
        default: The dataset that a one-part table name belongs to.
        prepared: What the engine is to execute.
        values: The values of its parameters and strings, by their names in it.
        decision: The decision that let it in.
        dry: Only to be judged.
    """

    payer: ProjectName
    default: DatasetName | None
    statement: Statement
    sql: str
    prepared: Prepared
    values: dict[str, Any]
    reading: Reading
    creator: Token
    decision: str
    location: str
    dry: bool
    limits: rules.Limits

    @property
    def scans(self) -> tuple[TableName, ...]:
        """Every table that the engine may scan for it."""
        target = self.statement.target
        changed = (target,) if target is not None and self.statement.kind in _SCAN_THEIR_TARGET else ()
        return (*self.reading.base, *changed)


async def admit(
    cloud: Cloud, request: Request, query: dict[str, Any], configuration: dict[str, Any] | None = None
) -> Admitted:
    """Decide a job, then each table that it touches.

    The configuration is a job's, where the call has one; the path names who pays.

    Raises:
        Refused: 401, 403, or 400 for a statement that isn't understood.
        ApiError: 400 or 501, a setting.
    """
    given = str(request.path_params["project"])
    paying = cloud.find_project(given)
    payer = ProjectName(project=paying.id if paying else given[:100])
    with cloud.trace.deciding(Link.JOB, resource=payer.resource) as trail:
        token = authenticate(cloud, request, trail, scopes=BIGQUERY_SCOPES)
        if paying is not None:
            check_enabled(cloud, SERVICE, paying)
        # On a project that isn't here no principal may create jobs: refused as any other missing grant is.
        authorize(token, CREATE_JOB, policies_on(cloud, payer), trail, rules.job_denied(payer))
        sql = rules.check_query_fields(query, configuration)
        limits = rules.check_limits(query)
        declared, values = read_parameters(query)
        default = _default_dataset(payer, query)
        statement = await understanding.analyse(cloud, sql, project=payer.project, default=default)
        read = ", ".join(map(str, (*statement.reads, *statement.wildcards, *statement.schema_views))) or "no table"
        trail.passed(Part.REQUEST, f"the statement is understood: {statement.kind}", f"reads {read}")
    reader = Reader(token=token, decision=trail.id, location=_location(query))
    reading = await permit_reading(cloud, reader, statement)
    for need in statement.needs:
        with deciding(cloud, reader, need.on.resource) as needed:
            authorize(token, need.permission, policies_on(cloud, need.on), needed, rules.need_denied(need))
    location = await _location_of_job(cloud, replace(reader, location=reading.location), statement)
    await _check_letters(cloud, statement)
    rules.check_bytes_billed(query, reading.base)
    writing = Writing(
        project=payer.project,
        default=default,
        matched=reading.matched,
        rows=await _schema_rows(cloud, statement),
        parameters=declared,
        location=location,
    )
    named = {*reading.named, *([statement.target] if statement.target else [])}
    columns = tuple([await emulator.columns_of(cloud, table) for table in sorted(named)])
    with cloud.trace.deciding(
        Link.JOB, resource=payer.resource, principal=token.principal.member, parent=trail.id, quiet=True
    ):
        task = Prepare(sql=sql, writing=writing, columns=columns)
        prepared = Prepared(statements=()) if statement.schema else await understanding.prepare(cloud, task)
    await permit_protected(cloud, reader, statement, sql, reading, writing)
    await check_filters(cloud, reader, statement, sql, reading, writing)
    return Admitted(
        payer=payer,
        default=default,
        statement=statement,
        sql=sql,
        prepared=prepared,
        values={**prepared.values, **{name: values[index] for name, index in prepared.bound.items()}},
        reading=reading,
        creator=token,
        decision=trail.id,
        location=location,
        dry=bool(query.get("dryRun")),
        limits=limits,
    )


async def _schema_rows(cloud: Cloud, statement: Statement) -> tuple[tuple[str, str], ...]:
    """Ask for the rows of the views of ``INFORMATION_SCHEMA`` that a statement reads, as queries."""
    found = []
    for view in statement.schema_views:
        params = {"project": view.project, "dataset": view.dataset.dataset if view.dataset else "", "view": view.view}
        answered = await emulator.call(cloud, "GET", "/information_schema", params=params, repeatable=True)
        found.append((str(view), str(answered["query"])))
    return tuple(found)


async def _check_letters(cloud: Cloud, statement: Statement) -> None:
    """Refuse to change a table or make a dataset by a name that differs from another's only in case.

    BigQuery keeps both apart; the emulator takes one for the other, and the grants here would be the wrong one's.
    """
    if statement.kind == "CREATE_SCHEMA" and statement.schema is not None:
        await emulator.check_letters(cloud, statement.schema)
    if (target := statement.target) is not None:
        for entry in await emulator.list_tables(cloud, target.within) or []:
            name = str(entry["tableReference"]["tableId"])
            if name != target.table and name.casefold() == target.table.casefold():
                raise unimplemented(f"{target} differs from {target.within.table(name)} only in case.")


def _default_dataset(payer: ProjectName, query: dict[str, Any]) -> DatasetName | None:
    given = query.get("defaultDataset") or {}
    if not given:
        return None
    project = given.get("projectId") or payer.project
    return make_dataset(ProjectName(project=str(project)[:100]), given.get("datasetId"))


def _location(query: dict[str, Any]) -> str:
    location: str = query.get("location") or ""
    if location and not is_location(location):
        raise invalid_argument(f"Location {location:.60} does not support this operation.")
    return location_name(location)


async def _location_of_job(cloud: Cloud, reader: Reader, statement: Statement) -> str:
    """Say where a job runs: where it was asked to, or where its data is, what it reads and what it changes.

    Source: Google, "BigQuery locations" ("Specify locations"); "Data definition language (DDL) statements in
    GoogleSQL": the location of CREATE SCHEMA and the job's must match, and either stands for both.

    Raises:
        Refused: 404, what it changes is elsewhere, or its dataset isn't there.
        ApiError: 400, a new dataset would be elsewhere.
    """
    if statement.kind == "CREATE_SCHEMA":
        chosen = location_name(str(statement.resource.get("location") or ""))
        if chosen and reader.location not in {"", chosen}:
            raise invalid_argument(
                f"Dataset location {chosen} does not match the location of the job, {reader.location}.",
                reason="invalidQuery",
            )
        return chosen or reader.location or DEFAULT_LOCATION
    changed = statement.schema if statement.target is None else statement.target.within
    if changed is None:
        return reader.location or DEFAULT_LOCATION
    there = await emulator.location_of(cloud, changed)
    if there or not statement.kind.startswith("DROP_"):
        with deciding(cloud, reader, changed.resource, quiet=True):
            await check_there(cloud, reader, changed, None)
    return reader.location or there or DEFAULT_LOCATION
