"""Routes of tables and their allow policies. The emulator keeps the tables; policies, views and tags are kept here."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from federation_emulator.core.context import Cloud
from federation_emulator.core.errors import already_exists, invalid_argument
from federation_emulator.core.http import answer, page, read_json, text_field
from federation_emulator.core.permission_names import SET_CATEGORY
from federation_emulator.core.policies import replace_policy
from federation_emulator.core.policy_form import policy_wire, requested_version
from federation_emulator.core.tokens import Token
from federation_emulator.services.bigquery import effects, emulator, resources, running, schema, understanding
from federation_emulator.services.bigquery.fields import accepted
from federation_emulator.services.bigquery.gate import (
    check_reference,
    check_unchanged,
    make_table,
    permit,
    permit_dataset,
    permit_table,
    selected_fields,
)
from federation_emulator.services.bigquery.model import ColumnTags, TableName, View
from federation_emulator.services.bigquery.reading import Reader, permit_reading
from federation_emulator.services.bigquery.sql import Need

_VIEWS = ("TABLE_METADATA_VIEW_UNSPECIFIED", "BASIC", "STORAGE_STATS", "FULL")
_CLEARED: dict[str, Any] = {
    "description": "",
    "friendlyName": "",
    "labels": {},
    resources.REQUIRED: False,
    resources.EXPIRATION: None,
}


async def list_tables(cloud: Cloud, request: Request) -> Response:
    """``GET …/tables``."""
    dataset, _ = permit_dataset(cloud, request, "bigquery.tables.list")
    await emulator.existing(cloud, dataset)
    tables = await emulator.list_tables(cloud, dataset) or []
    cut = page(request, tables, key="tables", size="maxResults")
    return answer({"kind": "bigquery#tableList", "totalItems": len(tables), **cut})


async def create_table(cloud: Cloud, request: Request) -> Response:
    """``POST …/tables``: a table or a view. A new table starts without grants of its own."""
    dataset, token = permit_dataset(cloud, request, "bigquery.tables.create")
    body = await read_json(request)
    reference = body.get("tableReference") or {}
    table = make_table(dataset, reference.get("tableId"))
    check_reference(cloud, reference, table)
    kept = resources.kept_of_table(body, {})
    resources.check_expiration(kept, now=effects.milliseconds(cloud))
    view = await _view(cloud, body, table.project)
    tags = schema.policy_tags(schema.fields(body))
    _permit_tags(cloud, request, table, tags)
    home = await emulator.existing(cloud, dataset)
    if await emulator.find(cloud, table) is not None:
        raise already_exists(f"Already Exists: Table {table}")
    await _permit_view(cloud, token, table, view)
    effects.forget_table(cloud, table)
    if view is None:
        kept = resources.with_defaults(kept, home, now=effects.milliseconds(cloud))
        path = f"{dataset.resource}/tables"
        created = await emulator.ask(cloud, "POST", path, body={**kept, "tableReference": table.reference})
        effects.keep_details(cloud, table, kept)
        _keep_tags(cloud, table, tags)
    else:
        resources.check_view(kept)
        created = await _create_view(cloud, table, view, kept)
        cloud.views.put(table.resource, view)
    return answer(await _wire(cloud, table, created))


async def _create_view(cloud: Cloud, table: TableName, view: View, body: dict[str, Any]) -> dict[str, Any]:
    # By statement: over REST the BigQuery emulator copies the rows of the moment into a table and calls that a view.
    await running.define(cloud, table, "CREATE_VIEW", f"CREATE OR REPLACE VIEW {table.quoted} AS {view.query}")
    described = {key: body[key] for key in ("description", "friendlyName", "labels") if body.get(key)}
    if texts := {each["name"].casefold(): each.get("description") for each in schema.fields(body)}:
        fields = schema.fields(await emulator.existing(cloud, table))
        columns = [{**each, "description": texts.get(each["name"].casefold())} for each in fields]
        described["schema"] = {"fields": columns}
    if described:
        return await emulator.ask(cloud, "PATCH", table.resource, body=described)
    return await emulator.existing(cloud, table)


async def get_table(cloud: Cloud, request: Request) -> Response:
    """``GET …/tables/TABLE``, with ``view`` and ``selectedFields``."""
    table, _ = permit_table(cloud, request, "bigquery.tables.get")
    shown = await _wire(cloud, table, await emulator.existing(cloud, table))
    view = request.query_params.get("view") or "STORAGE_STATS"
    if view not in _VIEWS:
        raise invalid_argument(f"Invalid value for view: {view:.40}. Known are {', '.join(_VIEWS)}.")
    if view == "BASIC":
        shown = {key: value for key, value in shown.items() if not key.startswith("num") and key != "lastModifiedTime"}
    chosen = selected_fields(request, schema.fields(shown))
    if chosen is not None:
        kept = [field for field in schema.fields(shown) if field["name"] in chosen]
        shown = {**shown, "schema": {"fields": kept}}
    return answer(shown)


async def replace_table(cloud: Cloud, request: Request) -> Response:
    """``PUT …/tables/TABLE``: the whole object; new columns become real ones."""
    return await _change(cloud, request, cleared=_CLEARED)


async def update_table(cloud: Cloud, request: Request) -> Response:
    """``PATCH …/tables/TABLE``: only the fields given."""
    return await _change(cloud, request, cleared={})


async def delete_table(cloud: Cloud, request: Request) -> Response:
    """``DELETE …/tables/TABLE``, its policy with it."""
    table, _ = permit_table(cloud, request, "bigquery.tables.delete")
    resource = await emulator.existing(cloud, table)
    check_unchanged(request, resource.get("etag"))
    if resource.get("type") == "VIEW":
        # The BigQuery emulator can't delete a real view over REST.
        await running.define(cloud, table, "DROP_VIEW", f"DROP VIEW {table.quoted}")
    else:
        await emulator.ask(cloud, "DELETE", table.resource)
    effects.forget_table(cloud, table)
    return Response(status_code=204)


async def get_table_policy(cloud: Cloud, request: Request) -> Response:
    """``POST …/tables/TABLE:getIamPolicy``; comes with or without a body."""
    table, _ = permit_table(cloud, request, "bigquery.tables.getIamPolicy")
    await emulator.existing(cloud, table)
    version = requested_version(await read_json(request), request.query_params)
    return answer(policy_wire(cloud.policy(table.resource), version=version))


async def set_table_policy(cloud: Cloud, request: Request) -> Response:
    """``POST …/tables/TABLE:setIamPolicy``."""
    table, _ = permit_table(cloud, request, "bigquery.tables.setIamPolicy")
    body = await read_json(request)
    await emulator.existing(cloud, table)
    # Again: who lost the right while the BigQuery emulator was asked has lost it.
    permit_table(cloud, request, "bigquery.tables.setIamPolicy")
    return answer(policy_wire(replace_policy(cloud, table.resource, body)))


async def list_row_access_policies(cloud: Cloud, request: Request) -> Response:
    """``GET …/tables/TABLE/rowAccessPolicies``: none, since none can be made here.

    Source: Google, "Use row-level security": ``bigquery.rowAccessPolicies.list``, of owners and administrators.
    """
    table, _ = permit_table(cloud, request, "bigquery.rowAccessPolicies.list")
    await emulator.existing(cloud, table)
    return answer({"rowAccessPolicies": []})


async def _change(cloud: Cloud, request: Request, *, cleared: dict[str, Any]) -> Response:
    table, token = permit_table(cloud, request, "bigquery.tables.update")
    body = _without_nulls(await read_json(request))
    before = effects.with_details(cloud, table, await emulator.existing(cloud, table))
    check_unchanged(request, before.get("etag"))
    check_reference(cloud, body.get("tableReference") or {}, table)
    if cleared and (body.get("timePartitioning") or {}).get(resources.REQUIRED) is None:
        body.setdefault(resources.REQUIRED, False)
    kept = resources.kept_of_table(body, before)
    resources.check_expiration(kept, now=effects.milliseconds(cloud))
    if before.get("type") == "VIEW":
        resources.check_view(kept)
    view = await _view(cloud, body, table.project)
    if (view is not None) != (before.get("type") == "VIEW" and "view" in body):
        raise invalid_argument(f"{table} is a {before.get('type')}; it can't be turned into something else.")
    await _permit_view(cloud, token, table, view)
    if view is not None:
        # Together, so that the query kept here is always the one that the view runs.
        changed = await _create_view(cloud, table, view, {**cleared, **kept})
        cloud.views.put(table.resource, view)
        return answer(await _wire(cloud, table, changed))
    if kept.get("schema"):
        schema.check_change(schema.fields(before), schema.fields(kept), table=table)
    tags = _changed_tags(cloud, table, kept)
    _permit_tags(cloud, request, table, tags)
    # Before the columns: one that is to be protected is never there without its tag.
    _keep_tags(cloud, table, tags)
    for column in schema.added_columns(schema.fields(before), schema.fields(kept)):
        await running.define(
            cloud, table, "ALTER_TABLE", f"ALTER TABLE {table.quoted} ADD COLUMN IF NOT EXISTS {column}"
        )
    for name in schema.relaxed_columns(schema.fields(before), schema.fields(kept)):
        await running.define(
            cloud, table, "ALTER_TABLE", f"ALTER TABLE {table.quoted} ALTER COLUMN `{name}` DROP NOT NULL"
        )
    changed = await emulator.ask(
        cloud, request.method, table.resource, body={**cleared, **kept, "tableReference": table.reference}
    )
    effects.keep_details(cloud, table, kept, replace=bool(cleared))
    return answer(await _wire(cloud, table, changed))


def _tags_of(cloud: Cloud, table: TableName) -> dict[str, str]:
    tagged = cloud.column_tags.get(table.resource)
    return tagged.tags if tagged else {}


def _changed_tags(cloud: Cloud, table: TableName, body: dict[str, Any]) -> dict[str, str]:
    """Return the tags after a change: a schema replaces those of the columns for which it says anything of tags.

    An empty list takes a column's tags away.
    """
    given = schema.fields(body)
    said = {field["name"].lower() for field in given if field.get("policyTags") is not None}
    kept = {column: tag for column, tag in _tags_of(cloud, table).items() if column not in said}
    return {**kept, **schema.policy_tags(given)}


def _permit_tags(cloud: Cloud, request: Request, table: TableName, tags: dict[str, str]) -> None:
    if tags != _tags_of(cloud, table):
        permit(cloud, request, Need(permission=SET_CATEGORY, on=table))


def _keep_tags(cloud: Cloud, table: TableName, tags: dict[str, str]) -> None:
    if tags:
        cloud.column_tags.put(table.resource, ColumnTags(tags=tags))
    else:
        cloud.column_tags.remove(table.resource)


def _without_nulls(body: dict[str, Any]) -> dict[str, Any]:
    """Read ``null`` as Google does: it clears text and labels; ``"schema": null``, which bq sends, is no change."""
    given = {key: value for key, value in body.items() if value is not None}
    return {**{key: value for key, value in _CLEARED.items() if key in body}, **given}


async def _permit_view(cloud: Cloud, token: Token, table: TableName, view: View | None) -> None:
    """Insist that who makes or changes a view may read what it selects from, as by statement.

    Source: Google, "Authorized datasets": else a caller that may make views in one would read all it is authorised for.
    """
    if view is not None and view != cloud.views.get(table.resource):
        reader = Reader(token=token, decision=token.decision, location="")
        statement = await understanding.analyse(cloud, view.query, project=table.project)
        await permit_reading(cloud, reader, statement)


async def _view(cloud: Cloud, body: dict[str, Any], project: str) -> View | None:
    view = body.get("view") or {}
    if not view:
        return None
    if view.get("useLegacySql") is not False:
        raise invalid_argument("Views in legacy SQL are not offered: send useLegacySql: false.")
    accepted("ViewDefinition", view)
    query = text_field(view, "query", limit=256 * 1024)
    statement = await understanding.analyse(cloud, query, project=project)
    if statement.kind != "SELECT" or not statement.plain:
        raise invalid_argument("A view must only read, and tables and views by name.", reason="invalidQuery")
    return View(query=query)


async def _wire(cloud: Cloud, table: TableName, resource: dict[str, Any]) -> dict[str, Any]:
    view, tagged = cloud.views.get(table.resource), cloud.column_tags.get(table.resource)
    if "schema" in resource:
        resource = {**resource, "schema": {"fields": schema.shown(schema.fields(resource))}}
    if tagged is not None:
        resource = {**resource, "schema": {"fields": schema.with_tags(schema.fields(resource), tagged.tags)}}
    shown = {
        **effects.with_details(cloud, table, resource),
        "tableReference": table.reference,
        "location": await emulator.location_of(cloud, table.within),
        "selfLink": f"/bigquery/v2/{table.resource}",
    }
    return shown if view is None else {**shown, "view": {"query": view.query, "useLegacySql": False}}
