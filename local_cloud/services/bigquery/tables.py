"""Routes of tables, their rows and their allow policies. The warehouse keeps tables and rows."""

from __future__ import annotations

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from local_cloud.context import Cloud
from local_cloud.errors import ApiError, already_exists, invalid_argument, not_found, unimplemented
from local_cloud.http import answer, object_field, page, read_json, text_field
from local_cloud.permissions import GET_DATA, UPDATE_DATA
from local_cloud.policies import policy_wire, replace_policy, requested_version
from local_cloud.services.bigquery import effects, rules, warehouse
from local_cloud.services.bigquery.gate import DEFAULT_LOCATION, dataset_of, make_table, permit, table_of
from local_cloud.services.bigquery.model import TableName, View
from local_cloud.services.bigquery.parameters import check_unchanged, paging, selected_fields
from local_cloud.services.bigquery.sql import Need, UnreadableSqlError, analyse, spell
from local_cloud.trace import Link

MOST_INSERT_BYTES = 10 * 1024 * 1024
"""BigQuery's own limit for one insertAll."""

_OTHER_KINDS = ("materializedView", "externalDataConfiguration", "snapshotDefinition", "cloneDefinition")
_CLEARED: dict[str, Any] = {"description": "", "friendlyName": "", "labels": {}}
_COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,299}")
_COLUMN_TYPE = re.compile(r"[A-Z][A-Z0-9]{1,20}")
_SQL_TYPES = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}


async def list_tables(cloud: Cloud, request: Request) -> Response:
    """``GET …/tables``."""
    dataset = dataset_of(cloud, request)
    permit(cloud, request, Need(permission="bigquery.tables.list", on=dataset))
    if await warehouse.find_dataset(cloud, dataset) is None:
        raise not_found(f"Not found: Dataset {dataset}")
    path = f"{dataset.resource}/tables"
    tables = (await warehouse.ask(cloud, "GET", path, params={"maxResults": "10000"})).get("tables", [])
    cut = page(request, tables, key="tables", size="maxResults")
    return answer({"kind": "bigquery#tableList", "totalItems": len(tables), **cut})


async def create_table(cloud: Cloud, request: Request) -> Response:
    """``POST …/tables``: a table or a view. A new table starts without grants of its own."""
    dataset = dataset_of(cloud, request)
    permit(cloud, request, Need(permission="bigquery.tables.create", on=dataset))
    body = await read_json(request)
    table = make_table(dataset, object_field(body, "tableReference").get("tableId"))
    view = _view(body, table.project)
    _fields(body)
    if await warehouse.find_dataset(cloud, dataset) is None:
        raise not_found(f"Not found: Dataset {dataset}")
    if await warehouse.find_table(cloud, table) is not None:
        raise already_exists(f"Already Exists: Table {table}")
    effects.forget_table(cloud, table)
    if view is None:
        path = f"{dataset.resource}/tables"
        created = await warehouse.ask(cloud, "POST", path, body={**body, "tableReference": _reference(table)})
    else:
        created = await _create_view(cloud, table, view, body)
        cloud.views.put(table.resource, view)
    return answer(_wire(cloud, table, created))


async def _create_view(cloud: Cloud, table: TableName, view: View, body: dict[str, Any]) -> dict[str, Any]:
    # By statement: over REST the warehouse copies the rows of the moment into a table and calls that a view.
    name = f"`{table.project}.{table.dataset}.{table.table}`"
    query = spell(view.query, project=table.project).rstrip("; ")
    await _run(cloud, table, f"CREATE OR REPLACE VIEW {name} AS {query}")
    described = {key: body[key] for key in ("description", "friendlyName", "labels") if body.get(key)}
    if described:
        return await warehouse.ask(cloud, "PATCH", table.resource, body=described)
    return await _existing(cloud, table)


async def get_table(cloud: Cloud, request: Request) -> Response:
    """``GET …/tables/TABLE``."""
    table = table_of(cloud, request)
    permit(cloud, request, Need(permission="bigquery.tables.get", on=table))
    return answer(_wire(cloud, table, await _existing(cloud, table)))


async def replace_table(cloud: Cloud, request: Request) -> Response:
    """``PUT …/tables/TABLE``: the whole object; new columns become real ones."""
    return await _change(cloud, request, cleared=_CLEARED)


async def update_table(cloud: Cloud, request: Request) -> Response:
    """``PATCH …/tables/TABLE``: only the fields given."""
    return await _change(cloud, request, cleared={})


async def delete_table(cloud: Cloud, request: Request) -> Response:
    """``DELETE …/tables/TABLE``, its policy with it."""
    table = table_of(cloud, request)
    permit(cloud, request, Need(permission="bigquery.tables.delete", on=table))
    resource = await _existing(cloud, table)
    check_unchanged(request, resource.get("etag"))
    if resource.get("type") == "VIEW":
        # The warehouse can't delete a real view over REST.
        await _run(cloud, table, f"DROP VIEW `{table.project}.{table.dataset}.{table.table}`")
    else:
        await warehouse.ask(cloud, "DELETE", table.resource)
    effects.forget_table(cloud, table)
    return Response(status_code=204)


async def get_table_policy(cloud: Cloud, request: Request) -> Response:
    """``POST …/tables/TABLE:getIamPolicy``; comes with or without a body."""
    table = table_of(cloud, request)
    permit(cloud, request, Need(permission="bigquery.tables.getIamPolicy", on=table))
    await _existing(cloud, table)
    version = requested_version(request, await read_json(request))
    return answer(policy_wire(cloud.policy(table.resource), version=version))


async def set_table_policy(cloud: Cloud, request: Request) -> Response:
    """``POST …/tables/TABLE:setIamPolicy``."""
    table = table_of(cloud, request)
    permit(cloud, request, Need(permission="bigquery.tables.setIamPolicy", on=table))
    body = await read_json(request)
    await _existing(cloud, table)
    return answer(policy_wire(replace_policy(cloud, table.resource, body)))


async def list_rows(cloud: Cloud, request: Request) -> Response:
    """``GET …/tables/TABLE/data``, streamed."""
    table = table_of(cloud, request)
    permit(cloud, request, Need(permission=GET_DATA, on=table), link=Link.TABLE)
    resource = await _existing(cloud, table)
    if resource.get("type") != "TABLE":
        raise invalid_argument(f"Cannot list a table of type {resource.get('type')}.")
    params = paging(request)
    if (chosen := selected_fields(request, _fields(resource))) is not None:
        params["selectedFields"] = ",".join(chosen)
    return await warehouse.stream(cloud, f"{table.resource}/data", params=params)


async def insert_rows(cloud: Cloud, request: Request) -> Response:
    """``POST …/tables/TABLE/insertAll``: all rows or none; ``{}`` when all are in."""
    table = table_of(cloud, request)
    permit(cloud, request, Need(permission=UPDATE_DATA, on=table), link=Link.TABLE)
    body = await read_json(request, limit=MOST_INSERT_BYTES)
    resource = await _existing(cloud, table)
    rows = body.get("rows")
    if not isinstance(rows, list) or not rows or not all(_is_row(row) for row in rows):
        raise invalid_argument("No rows present in the request, or one without a json object.", reason="invalid")
    if body.get("templateSuffix"):
        raise unimplemented("templateSuffix is not offered by the local cloud.")
    if problems := _row_problems(rows, _fields(resource)):
        return answer({"kind": "bigquery#tableDataInsertAllResponse", "insertErrors": problems})
    try:
        reply = await warehouse.ask(cloud, "POST", f"{table.resource}/insertAll", body={"rows": rows})
    except ApiError as problem:
        if problem.code != 501:
            raise
        raise invalid_argument("A row has a value that doesn't fit its column's type.") from problem
    return answer({key: value for key, value in reply.items() if value != []})


async def _change(cloud: Cloud, request: Request, *, cleared: dict[str, Any]) -> Response:
    table = table_of(cloud, request)
    permit(cloud, request, Need(permission="bigquery.tables.update", on=table))
    body = _without_nulls(await read_json(request))
    before = await _existing(cloud, table)
    check_unchanged(request, before.get("etag"))
    view = _view(body, table.project)
    text_field(body, "description", limit=16384)
    if (view is not None) != (before.get("type") == "VIEW" and "view" in body):
        raise invalid_argument(f"{table} is a {before.get('type')}; it can't be turned into something else.")
    if view is not None:
        # Together, so that the query kept here is always the one that the view runs.
        changed = await _create_view(cloud, table, view, {**cleared, **body})
        cloud.views.put(table.resource, view)
        return answer(_wire(cloud, table, changed))
    for column in _added_columns(_fields(before), _fields(body)):
        name = f"`{table.project}.{table.dataset}.{table.table}`"
        await _run(cloud, table, f"ALTER TABLE {name} ADD COLUMN IF NOT EXISTS {column}")
    changed = await warehouse.ask(
        cloud, request.method, table.resource, body={**cleared, **body, "tableReference": _reference(table)}
    )
    return answer(_wire(cloud, table, changed))


def _without_nulls(body: dict[str, Any]) -> dict[str, Any]:
    """Read ``null`` as Google does: it clears text and labels; ``"schema": null``, which bq sends, is no change."""
    given = {key: value for key, value in body.items() if value is not None}
    return {**{key: value for key, value in _CLEARED.items() if key in body}, **given}


async def _run(cloud: Cloud, table: TableName, sql: str) -> None:
    body = {"query": sql, "useLegacySql": False}
    reply = await warehouse.ask(cloud, "POST", f"projects/{table.project}/queries", body=body)
    if reply.get("errors"):
        raise invalid_argument(str(reply["errors"][0].get("message")))


async def _existing(cloud: Cloud, table: TableName) -> dict[str, Any]:
    found = await warehouse.find_table(cloud, table)
    if found is None:
        raise not_found(f"Not found: Table {table}")
    return found


def _reference(table: TableName) -> dict[str, str]:
    return {"projectId": table.project, "datasetId": table.dataset, "tableId": table.table}


def _view(body: dict[str, Any], project: str) -> View | None:
    other = [kind for kind in _OTHER_KINDS if body.get(kind)]
    if other:
        raise unimplemented(f"Tables with {other[0]} are not offered by the local cloud.")
    view = object_field(body, "view")
    if not view:
        return None
    if view.get("useLegacySql") is not False:
        raise invalid_argument("Views in legacy SQL are not offered: send useLegacySql: false.")
    query = text_field(view, "query", limit=256 * 1024)
    try:
        statement = analyse(query, project=project)
        spell(query, project=project)
    except UnreadableSqlError as problem:
        raise rules.unreadable(problem) from problem
    if statement.kind != "SELECT" or not statement.plain:
        raise invalid_argument("A view must only read, and tables and views by name.", reason="invalidQuery")
    return View(query=query)


def _fields(table: dict[str, Any]) -> list[dict[str, Any]]:
    fields = object_field(table, "schema").get("fields") or []
    if not isinstance(fields, list) or not all(_is_field(field) for field in fields):
        raise invalid_argument("Invalid value at 'schema.fields': each must be an object with a name and a type.")
    return fields


def _is_field(field: object) -> bool:
    return isinstance(field, dict) and all(isinstance(field.get(key), str) for key in ("name", "type"))


def _added_columns(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[str]:
    """Write the new top-level columns as DDL: the warehouse changes its schema on PUT, but not its storage."""
    known = {field["name"].lower() for field in before}
    columns = []
    for field in after:
        name, kind = field["name"], field["type"].upper()
        if name.lower() in known:
            continue
        if not _COLUMN.fullmatch(name) or not _COLUMN_TYPE.fullmatch(kind):
            raise invalid_argument(f"Invalid field {name!r:.80} of type {kind!r:.40}.")
        if kind in {"RECORD", "STRUCT"} or field.get("mode") == "REPEATED":
            raise unimplemented("Adding nested or repeated columns is not offered by the local cloud.")
        if field.get("mode") == "REQUIRED":
            raise invalid_argument(f"Provided Schema does not match: cannot add required field {name} to a table.")
        columns.append(f"`{name}` {_SQL_TYPES.get(kind, kind)}")
    return columns


def _is_row(row: object) -> bool:
    return isinstance(row, dict) and isinstance(row.get("json"), dict)


def _row_problems(rows: list[dict[str, Any]], schema: list[dict[str, Any]]) -> list[dict[str, Any]]:
    fields = {field["name"].lower(): field for field in schema}
    required = {name for name, field in fields.items() if field.get("mode") == "REQUIRED"}
    problems: list[dict[str, Any]] = []
    for index, row in enumerate(rows):
        given = {str(key).lower() for key, value in row["json"].items() if value is not None}
        wrong = [(name, f"no such field: {name}.") for name in sorted({k.lower() for k in row["json"]} - set(fields))]
        wrong += [(name, f"Missing required field: {name}.") for name in sorted(required - given)]
        if wrong:
            errors = [{"reason": "invalid", "location": name, "debugInfo": "", "message": text} for name, text in wrong]
            problems.append({"index": index, "errors": errors})
    return problems


def _wire(cloud: Cloud, table: TableName, resource: dict[str, Any]) -> dict[str, Any]:
    view = cloud.views.get(table.resource)
    shown = {
        **resource,
        "tableReference": _reference(table),
        "location": resource.get("location", DEFAULT_LOCATION),
        "selfLink": f"/bigquery/v2/{table.resource}",
    }
    return shown if view is None else {**shown, "view": {"query": view.query, "useLegacySql": False}}
