"""Calls to the BigQuery emulator behind the gateway, with bounds; its credentials and its 500s are not passed on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from typing import Any
from urllib.parse import quote, urlencode

from starlette.background import BackgroundTask
from starlette.responses import Response, StreamingResponse

from federation_emulator.core.context import Cloud
from federation_emulator.core.errors import ApiError, not_found, unavailable, unimplemented
from federation_emulator.core.upstream import UpstreamError
from federation_emulator.services.bigquery import schema
from federation_emulator.services.bigquery.model import DatasetName, TableName, location_name
from federation_emulator.services.bigquery.sql.tasks import TableColumns

MOST_ANSWER_BYTES = 64 * 1024 * 1024
MOST_TABLES = 10_000
_BASE = "/bigquery/v2/"

_JSON = {"content-type": "application/json"}
_STATUSES = {400: "INVALID_ARGUMENT", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 409: "ALREADY_EXISTS"}


async def ask(
    cloud: Cloud,
    method: str,
    path: str,
    *,
    params: Mapping[str, str] | None = None,
    body: object = None,
) -> dict[str, Any]:
    """Send a call to the BigQuery emulator and read its JSON answer. What is no GET can change a table or dataset.

    The path is what follows ``/bigquery/v2/``; its parts must have been checked.

    Raises:
        ApiError: The BigQuery emulator's own refusal (4xx) in BigQuery's words; 501 where it failed inside (a 500 would
            make clients retry for minutes); 503 if it can't be reached in time.
    """
    if method == "GET":
        return await call(cloud, method, _BASE + path, params=params, repeatable=True)
    with changing(cloud, path):
        return await call(cloud, method, _BASE + path, params=params, body=body)


@contextmanager
def changing(cloud: Cloud, path: str) -> Iterator[None]:
    """Forget what was said of a table or dataset while it may change: before, and again after."""
    cloud.catalogue.forget(path)
    try:
        yield
    finally:
        # Other requests may have asked in between and got either state.
        cloud.catalogue.forget(path)


async def call(
    cloud: Cloud,
    method: str,
    path: str,
    *,
    params: Mapping[str, str] | None = None,
    body: object = None,
    limit_seconds: float | None = None,
    repeatable: bool = False,
) -> dict[str, Any]:
    """Send a request to the emulator, by its whole path, and read its JSON answer; errors as :func:`ask`.

    The settings' time limit counts if none is given. A repeatable call changes nothing: it may go over a kept
    connection, and once more if that one is gone.
    """
    if not cloud.config.bigquery_url:
        raise unimplemented("There is no BigQuery here: the local cloud was started with --without bigquery.")
    try:
        answer = await cloud.emulator.send(
            method,
            _target(path, params),
            headers=_JSON,
            body=b"" if body is None else json.dumps(body).encode(),
            limit_seconds=limit_seconds or cloud.config.bigquery_timeout_seconds,
            most_bytes=MOST_ANSWER_BYTES,
            repeatable=repeatable,
        )
    except UpstreamError as problem:
        raise _no_answer(problem) from problem
    if len(answer.body) > MOST_ANSWER_BYTES:
        raise unavailable("The BigQuery emulator's answer is too large: ask for fewer rows with maxResults.")
    if not answer.body:
        return {}
    try:
        read = json.loads(answer.body)
    except ValueError as problem:
        raise unavailable(f"The BigQuery emulator answered {answer.status} without JSON.") from problem
    if answer.status >= 400:
        raise _refused(answer.status, read)
    return read if isinstance(read, dict) else {}


async def stream(cloud: Cloud, path: str, *, params: Mapping[str, str]) -> Response:
    """Pass a GET on and stream the answer back, however large it is; arguments and errors as :func:`ask`."""
    async with AsyncExitStack() as held:
        try:
            status, chunks = await held.enter_async_context(
                cloud.emulator.stream(
                    _target(_BASE + path, params), limit_seconds=cloud.config.bigquery_timeout_seconds
                )
            )
            if status >= 400:
                raise _refused(status, _json_or_nothing(b"".join([chunk async for chunk in chunks])))
        except UpstreamError as problem:
            raise _no_answer(problem) from problem
        background = BackgroundTask(held.pop_all().aclose)
    return StreamingResponse(chunks, media_type="application/json", background=background)


async def find(cloud: Cloud, name: DatasetName | TableName) -> dict[str, Any] | None:
    """Return the resource of a table or dataset, or ``None`` if the BigQuery emulator has none of that name."""
    return await _find(cloud, name.resource)


async def existing(cloud: Cloud, name: DatasetName | TableName) -> dict[str, Any]:
    """Return the resource of a table or dataset.

    Raises:
        ApiError: 404, there is none of that name.
    """
    found = await find(cloud, name)
    if found is None:
        raise not_found(f"Not found: {'Table' if isinstance(name, TableName) else 'Dataset'} {name}")
    return found


async def location_of(cloud: Cloud, dataset: DatasetName) -> str:
    """Return where a dataset is, and with it each of its tables; empty if there is none of that name."""
    found = await find(cloud, dataset)
    return "" if found is None else location_name(str(found["location"]))


async def columns_of(cloud: Cloud, table: TableName) -> TableColumns:
    """Return the columns of a table or view, as who reads SQL needs them; none if it isn't there."""
    resource = await find(cloud, table) or {}
    fields, partitioning = schema.fields(resource), resource.get("timePartitioning") or {}
    columns = tuple((f["name"], "" if f.get("fields") or f.get("mode") == "REPEATED" else f["type"]) for f in fields)
    ingestion = "" if partitioning.get("field") else str(partitioning.get("type") or "")
    return TableColumns(table=table, columns=columns, ingestion=ingestion)


async def list_tables(cloud: Cloud, dataset: DatasetName) -> list[dict[str, Any]] | None:
    """Return the entries of a dataset's tables, or ``None`` if the BigQuery emulator has no such dataset."""
    found = await _find(cloud, f"{dataset.resource}/tables?maxResults={MOST_TABLES}")
    return None if found is None else list(found.get("tables") or [])


async def list_datasets(cloud: Cloud, project: str) -> dict[DatasetName, dict[str, Any]]:
    """Return the entries of a project's datasets, by name."""
    listed = await ask(cloud, "GET", f"projects/{project}/datasets?maxResults={MOST_TABLES}")
    entries = listed.get("datasets") or []
    return {DatasetName(project=project, dataset=each["datasetReference"]["datasetId"]): each for each in entries}


async def check_letters(cloud: Cloud, dataset: DatasetName) -> None:
    """Insist that no dataset is there whose name differs from a new one's in case only.

    BigQuery keeps both apart. The emulator has one place for both: the caller that made the second one, and so
    owns it, would read and drop the first one's tables.

    Raises:
        ApiError: 501, there is one.
    """
    for name in await list_datasets(cloud, dataset.project):
        if name != dataset and name.dataset.casefold() == dataset.dataset.casefold():
            raise unimplemented(f"{dataset} differs only in case from a dataset that is there: use another name.")


async def _find(cloud: Cloud, path: str) -> dict[str, Any] | None:
    if path in cloud.catalogue:
        return cloud.catalogue[path]
    generation = cloud.catalogue.generation
    found: dict[str, Any] | None = None
    try:
        found = await ask(cloud, "GET", path)
    except ApiError as problem:
        if problem.code != 404:
            raise
    cloud.catalogue.keep(path, found, generation=generation)
    return found


def _target(path: str, params: Mapping[str, str] | None) -> str:
    target = quote(path, safe="/?=&:%~")
    return f"{target}{'&' if '?' in path else '?'}{urlencode(params)}" if params else target


def _no_answer(problem: UpstreamError) -> ApiError:
    return unavailable(f"The BigQuery emulator did not answer in time ({problem}).")


def _json_or_nothing(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _refused(code: int, answer: object) -> ApiError:
    error = answer.get("error") if isinstance(answer, dict) else None
    error = error if isinstance(error, dict) else {}
    message = str(error.get("message") or f"The BigQuery emulator refused with {code}.")[:2000]
    if code >= 500 or code not in _STATUSES:
        return unimplemented(f"The BigQuery emulator can't do this ({code}: {message})")
    errors = error.get("errors")
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    return ApiError(code, _STATUSES[code], message, reason=str(first.get("reason") or "invalid"))
