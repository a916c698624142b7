"""Calls to the BigQuery emulator behind the gateway, with bounds; its credentials and its 500s are not passed on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import Any

import httpx
from starlette.background import BackgroundTask
from starlette.responses import Response, StreamingResponse

from federation_emulator.core.context import Cloud
from federation_emulator.core.errors import ApiError, unavailable, unimplemented
from federation_emulator.services.bigquery.model import DatasetName, TableName

MOST_ANSWER_BYTES = 64 * 1024 * 1024
MOST_TABLES = 10_000
_BASE = "/bigquery/v2/"

_DROPPED = (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)
"""How a kept connection ends that is gone already."""

_STATUSES = {400: "INVALID_ARGUMENT", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 409: "ALREADY_EXISTS"}


async def ask(
    cloud: Cloud,
    method: str,
    path: str,
    *,
    params: Mapping[str, str] | None = None,
    body: object = None,
) -> dict[str, Any]:
    """Send a call to the BigQuery emulator and read its JSON answer.

    Args:
        cloud: Holds the connection.
        method: HTTP method.
        path: After ``/bigquery/v2/``; its parts must have been checked.
        params: Query parameters.
        body: JSON body, if any. Whatever isn't a GET can change a table or dataset.

    Raises:
        ApiError: The BigQuery emulator's own refusal (4xx) in BigQuery's words; 501 where it failed inside (a 500 would
            make clients retry for minutes); 503 if it can't be reached in time.
    """
    if method == "GET":
        return await call(cloud, method, _BASE + path, params=params, repeatable=True)
    with changing(cloud):
        return await call(cloud, method, _BASE + path, params=params, body=body)


@contextmanager
def changing(cloud: Cloud) -> Iterator[None]:
    """Forget what was said of tables and datasets while one may change: before, and again after."""
    cloud.catalogue.forget()
    try:
        yield
    finally:
        # Other requests may have asked in between and got either state.
        cloud.catalogue.forget()


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
    """Send a request to the emulator and read its JSON answer; errors as :func:`ask`.

    Args:
        cloud: Holds the connections.
        method: HTTP method.
        path: The whole path.
        params: Query parameters.
        body: JSON body, if any.
        limit_seconds: How long the answer may take; the settings' limit if left out.
        repeatable: It changes nothing: it may go over a kept connection, and once more if that one is gone.
    """
    if not cloud.config.bigquery_url:
        raise unimplemented("There is no BigQuery here: the local cloud was started with --no-bigquery.")
    request: dict[str, Any] = {
        "params": dict(params or {}),
        "content": None if body is None else json.dumps(body).encode(),
        "headers": {"content-type": "application/json"},
        "timeout": limit_seconds or cloud.config.bigquery_timeout_seconds,
    }
    if repeatable:
        try:
            return await _sent(cloud.emulator_reads.stream(method, path, **request))
        except _DROPPED:
            pass
    try:
        return await _sent(cloud.emulator.stream(method, path, **request))
    except httpx.HTTPError as problem:
        raise unavailable(f"The BigQuery emulator did not answer in time ({type(problem).__name__}).") from problem


async def _sent(sent: AbstractAsyncContextManager[httpx.Response]) -> dict[str, Any]:
    async with sent as response:
        received = bytearray()
        async for chunk in response.aiter_bytes():
            received += chunk
            if len(received) > MOST_ANSWER_BYTES:
                raise unavailable("The BigQuery emulator's answer is too large: ask for fewer rows with maxResults.")
    if response.status_code == 204 or not received:
        return {}
    try:
        answer = json.loads(bytes(received))
    except ValueError as problem:
        raise unavailable(f"The BigQuery emulator answered {response.status_code} without JSON.") from problem
    if response.status_code >= 400:
        raise _refused(response.status_code, answer)
    return answer if isinstance(answer, dict) else {}


async def stream(cloud: Cloud, path: str, *, params: Mapping[str, str]) -> Response:
    """Pass a GET on and stream the answer back, however large it is; arguments and errors as :func:`ask`."""
    request = cloud.emulator.build_request("GET", _BASE + path, params=dict(params))
    try:
        response = await cloud.emulator.send(request, stream=True)
        if response.status_code >= 400:
            body = await response.aread()
            await response.aclose()
            raise _refused(response.status_code, _json_or_nothing(body))
    except httpx.HTTPError as problem:
        raise unavailable(f"The BigQuery emulator did not answer in time ({type(problem).__name__}).") from problem
    return StreamingResponse(
        response.aiter_bytes(),
        media_type="application/json",
        background=BackgroundTask(response.aclose),
    )


async def find_table(cloud: Cloud, table: TableName) -> dict[str, Any] | None:
    """Return a table's resource, or ``None`` if the BigQuery emulator has none of that name."""
    return await _find(cloud, table.resource)


async def find_dataset(cloud: Cloud, dataset: DatasetName) -> dict[str, Any] | None:
    """Return a dataset's resource, or ``None`` if the BigQuery emulator has none of that name."""
    return await _find(cloud, dataset.resource)


async def list_tables(cloud: Cloud, dataset: DatasetName) -> list[dict[str, Any]] | None:
    """Return the entries of a dataset's tables, or ``None`` if the BigQuery emulator has no such dataset."""
    found = await _find(cloud, f"{dataset.resource}/tables?maxResults={MOST_TABLES}")
    return None if found is None else list(found.get("tables") or [])


async def check_letters(cloud: Cloud, dataset: DatasetName) -> None:
    """Insist that no dataset is there whose name differs from a new one's in case only.

    BigQuery keeps both apart. The emulator has one place for both: the caller that made the second one, and so
    owns it, would read and drop the first one's tables.

    Raises:
        ApiError: 501, there is one.
    """
    listed = await ask(cloud, "GET", f"projects/{dataset.project}/datasets?maxResults={MOST_TABLES}")
    for entry in listed.get("datasets") or []:
        name = str(entry["datasetReference"]["datasetId"])
        if name != dataset.dataset and name.casefold() == dataset.dataset.casefold():
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
