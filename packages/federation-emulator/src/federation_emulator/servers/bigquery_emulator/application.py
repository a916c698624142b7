"""What the gateway may ask for: read SQL, execute a statement, rows; and bqemulator's own datasets and tables.

Nothing else of bqemulator's is reachable: not its jobs, which would execute what was not judged, nor its uploads.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from typing import Any

from bqemulator.catalog.ddl_sync import sync_created_table, sync_created_view, sync_dropped_object
from bqemulator.sql.rewriter.information_schema import expand_information_schema
from bqemulator.storage.sql_identifiers import quoted_table_ref
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from federation_emulator.servers.bigquery_emulator.executing import (
    Executor,
    FailedError,
    RefusedError,
    Statement,
    StoppedError,
    value_of,
)
from federation_emulator.servers.bigquery_emulator.judge import Admitted
from federation_emulator.servers.bigquery_emulator.readers import Readers
from federation_emulator.servers.bigquery_emulator.results import Result, Results
from federation_emulator.servers.bigquery_emulator.values import ValueFormat, kind_of

_CATALOGUE = re.compile(
    r"/bigquery/v2/projects/[^/]+/datasets(?:/[^/]+(?:/tables(?:/[^/]+(?:/insertAll)?)?)?)?", re.ASCII
)
_DATA = re.compile(r"/bigquery/v2/projects/([^/]+)/datasets/([^/]+)/tables/([^/]+)/data", re.ASCII)
_DIGITS = re.compile(r"[0-9]{1,18}")
_FIRST_ROWS = 10_000
_MOST_ROWS = 100_000
_log = logging.getLogger(__name__)
_OPTIONAL = "CREATE TABLE IF NOT EXISTS "
Handler = Callable[[Request], Awaitable[Response]]


class Application:
    """ASGI application over bqemulator's own, with its context."""

    def __init__(self, emulator: ASGIApp, context: Any, readers: Readers, executor: Executor) -> None:  # noqa: ANN401
        self._emulator = emulator
        self._context = context
        self._readers = readers
        self._executor = executor
        self._results = Results()
        self._handlers: dict[tuple[str, str], Handler] = {
            ("POST", "/read"): self._read,
            ("POST", "/execute"): self._execute,
            ("GET", "/rows"): self._rows,
            ("POST", "/cancel"): self._cancel,
            ("GET", "/information_schema"): self._information_schema,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        handler = self._handlers.get((scope["method"], scope["path"]))
        if handler is not None:
            response = await self._answer(handler, Request(scope, receive))
            await response(scope, receive, send)
        elif scope["method"] == "GET" and (found := _DATA.fullmatch(scope["path"])):
            response = await self._answer(partial(self._data, found.groups()), Request(scope, receive))
            await response(scope, receive, send)
        elif _CATALOGUE.fullmatch(scope["path"]):
            await self._emulator(scope, receive, send)
        else:
            await JSONResponse({"error": {"code": 404, "message": "no such path"}}, 404)(scope, receive, send)

    async def _answer(self, handler: Handler, request: Request) -> Response:
        try:
            return await handler(request)
        except Exception as problem:  # noqa: BLE001  (the one boundary: libraries fail in many ways over odd values)
            _log.exception("internal error at %s", request.url.path)
            return JSONResponse({"error": {"code": 501, "message": type(problem).__name__}}, 501)

    async def _read(self, request: Request) -> Response:
        return JSONResponse(await self._readers.ask(await request.json()))

    async def _execute(self, request: Request) -> Response:
        """Execute a statement; the answer has its first page, or says why there is none."""
        given = await request.json()
        job, table = str(given["job"]), tuple(given["target"])
        kind = str(given["kind"])
        target = () if not table else _place(table)
        statement = Statement(
            admitted=Admitted(kind=kind, target=target, tables=frozenset(map(_place, given["tables"]))),
            texts=tuple(given["statements"]),
            values={name: value_of(value) for name, value in given["values"].items()},
            dry=bool(given["dry"]),
        )
        unchanged = len(table) == 3 and self._is_left(statement, table)
        try:
            result = await self._executor.execute(job, statement, limit_seconds=float(given["limit_seconds"]))
        except RefusedError as problem:
            return JSONResponse({"refused": str(problem)})
        except StoppedError:
            return JSONResponse({"stopped": True})
        except FailedError as problem:
            return JSONResponse({"failed": {"reason": problem.reason, "message": str(problem)}})
        if not statement.dry:
            if len(table) == 3 and not unchanged:
                _follow(self._context, kind, table, given.get("altered") or ())
            self._results.keep(job, result)
        scans = sorted(list(each) for each in result.scans)
        page = await asyncio.to_thread(result.page, 0, int(given["most_rows"]), self._format(given["int64_timestamps"]))
        return JSONResponse({"done": page, "scans": scans, "unchanged": unchanged})

    def _format(self, int64_timestamps: bool) -> ValueFormat:
        return ValueFormat(shape=self._context.engine.shape, int64_timestamps=int64_timestamps)

    def _is_left(self, statement: Statement, table: tuple[str, ...]) -> bool:
        """Say whether a statement leaves a table or view as it is, since it makes one only if there is none."""
        optional = statement.admitted.kind == "CREATE_TABLE" and statement.texts[0].startswith(_OPTIONAL)
        return optional and self._context.catalog.get_table(*table) is not None

    async def _rows(self, request: Request) -> Response:
        """Answer a page of a job's rows."""
        given = request.query_params
        result = self._results.get(given.get("job", ""))
        numbers = [given.get(name, "0") for name in ("start", "most")]
        if result is None or not all(_DIGITS.fullmatch(number) for number in numbers):
            return JSONResponse({"missing": True})
        start, most = map(int, numbers)
        how = self._format(_flag(given))
        return JSONResponse({"done": await asyncio.to_thread(result.page, start, min(most, _MOST_ROWS), how)})

    async def _data(self, table: tuple[str, ...], request: Request) -> Response:
        """Answer a page of a table's rows; the columns' names have been checked."""
        given = request.query_params
        chosen = [f'"{name}"' for name in given.get("selectedFields", "").split(",") if name]
        start = int(given.get("pageToken") or given.get("startIndex") or 0)
        most = min(int(given.get("maxResults") or _FIRST_ROWS), _MOST_ROWS)

        def read() -> dict[str, Any]:
            cursor, named = self._context.engine.connection.cursor(), quoted_table_ref(*table)
            (total,) = cursor.execute(f"SELECT COUNT(*) FROM {named}").fetchone()  # noqa: S608  (checked names)
            page = f"SELECT {', '.join(chosen) or '*'} FROM {named} LIMIT {most} OFFSET {start}"  # noqa: S608
            executed = cursor.execute(page)
            kinds = tuple(kind_of(str(column[1])) for column in executed.description)
            result = Result(table=executed.fetch_arrow_table(), kinds=kinds)
            rows = result.page(0, most, self._format(_flag(given)))["rows"]
            following = start + len(rows)
            return {
                "kind": "bigquery#tableDataList",
                "totalRows": str(total),
                "rows": rows,
                **({"pageToken": str(following)} if following < total else {}),
            }

        return JSONResponse(await asyncio.to_thread(read))

    async def _cancel(self, request: Request) -> Response:
        given = await request.json()
        return JSONResponse({"ran": self._executor.cancel(str(given["job"]))})

    async def _information_schema(self, request: Request) -> Response:
        """Write the rows of a view of ``INFORMATION_SCHEMA`` as a query."""
        given = request.query_params
        scope = "".join(f"`{given[name]}`." for name in ("project", "dataset") if given.get(name))
        view = f"SELECT * FROM {scope}INFORMATION_SCHEMA.{given['view']}"  # noqa: S608  (checked names; a pattern for the emulator, not executed)
        return JSONResponse({"query": expand_information_schema(view, given["project"], self._context.catalog)})


def _flag(given: Mapping[str, str]) -> bool:
    return given.get("int64Timestamps") == "true"


def _place(name: Any) -> tuple[str, str]:  # noqa: ANN401  (JSON)
    """Return schema and name under which DuckDB has a table."""
    project, dataset, table = name
    return f"{project}__{dataset}", str(table)


def _follow(context: Any, kind: str, table: tuple[str, str, str], altered: Iterable[tuple[str, str]]) -> None:  # noqa: ANN401  (bqemulator's own)
    """Bring the catalogue in step with DuckDB after a statement of this kind, whose table's ids have been checked."""
    project, dataset, name = table
    # The emulator reads what happened out of a statement, and the columns out of DuckDB.
    written = f"`{project}`.`{dataset}`.`{name}`"
    if kind == "CREATE_TABLE":
        sync_created_table(f"CREATE TABLE {written} (a INT64)", project, context)
    elif kind == "CREATE_VIEW":
        sync_created_view(f"CREATE VIEW {written} AS SELECT 1", project, context)
    elif kind in {"DROP_TABLE", "DROP_VIEW"}:
        sync_dropped_object(f"DROP {kind.removeprefix('DROP_')} {written}", project, context)
    elif kind == "ALTER_TABLE":
        _follow_columns(context, written, table, altered)


def _follow_columns(
    context: Any,  # noqa: ANN401  (bqemulator's own)
    written: str,
    table: tuple[str, str, str],
    altered: Iterable[tuple[str, str]],
) -> None:
    """Take over the columns alone, and of old ones what the statement alters: DuckDB doesn't know the rest."""
    before = context.catalog.get_table(*table)
    sync_created_table(f"CREATE TABLE {written} (a INT64)", table[0], context)
    after = context.catalog.get_table(*table)
    if before is None or after is None:
        return
    known = {column.name.lower(): column for column in before.schema_.fields}
    changes = {name.lower(): what for name, what in altered}
    columns = []
    for column in after.schema_.fields:
        name = column.name.lower()
        old = known.get(name, column)
        if changes.get(name) == "TYPE":
            columns.append(column.model_copy(update={"mode": old.mode, "description": old.description}))
        else:
            relaxed = {"mode": "NULLABLE"} if name in changes else {}
            columns.append(old.model_copy(update=relaxed))
    changed = {
        "schema_": after.schema_.model_copy(update={"fields": tuple(columns)}),
        "last_modified_time": after.last_modified_time,
        "etag": after.etag,
    }
    context.catalog.update_table(before.model_copy(update=changed))
