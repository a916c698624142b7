"""Routes of a table's rows."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from federation_emulator.core.context import Cloud
from federation_emulator.core.errors import ApiError, invalid_argument
from federation_emulator.core.http import answer, read_json
from federation_emulator.core.permission_names import GET_DATA, UPDATE_DATA
from federation_emulator.core.trace import Link
from federation_emulator.services.bigquery import emulator, schema
from federation_emulator.services.bigquery.fields import accepted
from federation_emulator.services.bigquery.gate import paging, permit_table, selected_fields, value_format
from federation_emulator.services.bigquery.reading import Reader, permit_columns

MOST_INSERT_BYTES = 10 * 1024 * 1024
"""BigQuery's own limit for one insertAll."""


async def list_rows(cloud: Cloud, request: Request) -> Response:
    """``GET …/tables/TABLE/data``, streamed."""
    table, token = permit_table(cloud, request, GET_DATA, link=Link.TABLE)
    resource = await emulator.existing(cloud, table)
    if resource.get("type") != "TABLE":
        raise invalid_argument(f"Cannot list a table of type {resource.get('type')}.")
    params = {**paging(request), **value_format(request)}
    chosen = selected_fields(request, schema.fields(resource))
    if chosen is not None:
        params["selectedFields"] = ",".join(chosen)
    tagged = cloud.column_tags.get(table.resource)
    if tagged is not None:
        reader = Reader(token=token, decision=token.decision, location="")
        read = tagged.tags if chosen is None else {name.lower() for name in chosen} & set(tagged.tags)
        permit_columns(cloud, reader, [(table, column) for column in sorted(read)])
    return await emulator.stream(cloud, f"{table.resource}/data", params=params)


async def insert_rows(cloud: Cloud, request: Request) -> Response:
    """``POST …/tables/TABLE/insertAll``: all rows or none; ``{}`` when all are in."""
    table, _ = permit_table(cloud, request, UPDATE_DATA, link=Link.TABLE)
    body = await read_json(request, limit=MOST_INSERT_BYTES)
    resource = await emulator.existing(cloud, table)
    rows = body.get("rows") or []
    if not rows or any(row.get("json") is None for row in rows):
        raise invalid_argument("No rows present in the request, or one without a json object.", reason="invalid")
    accepted("TableDataInsertAllRequest", body)
    if problems := schema.row_problems(rows, schema.fields(resource)):
        return answer({"kind": "bigquery#tableDataInsertAllResponse", "insertErrors": problems})
    schema.check_insertable(rows, schema.fields(resource))
    try:
        reply = await emulator.ask(cloud, "POST", f"{table.resource}/insertAll", body={"rows": rows})
    except ApiError as problem:
        if problem.code != 501:
            raise
        raise invalid_argument("A row has a value that doesn't fit its column's type.") from problem
    return answer({key: value for key, value in reply.items() if value != []})
