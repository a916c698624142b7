"""Reading requests with a bound, and the few forms of answer that all services share."""

from __future__ import annotations

import re
import zlib
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Message

from federation_emulator.core.errors import ApiError, invalid_argument
from federation_emulator.core.google_methods import Method
from federation_emulator.core.strict_json import JsonProblem, parse_strictly

MOST_BODY_BYTES = 1024 * 1024
"""Largest request body of a route that doesn't say otherwise: Google's own pools and policies are far smaller."""

MOST_HELD_BYTES = 11 * 1024 * 1024
"""So much of a body is waited for before a request is decided: more than any route takes, so each refuses the rest."""

MOST_PAGE = 1000
"""Most entries in one page of a list."""

GOOGLE_METHOD = "local_cloud.google_method"
"""Under this key a request's scope has the method of Google's that it calls."""

GZIP = "gzip"
"""The one encoding of a body that is unpacked."""

_GZIP_WINDOW = 16 + zlib.MAX_WBITS
"""zlib's way to ask for gzip's header and checksum, and for no other form."""

_PAGE_TOKEN = re.compile(r"[0-9]{1,9}")


async def with_its_body(request: Request) -> Request:
    """Wait for a request's body, and return the request that has it.

    Nothing may be decided while a client is still sending: what it may do could change before it has finished, and a
    change that was acknowledged would be undone by who had lost the right to.
    """
    received = await _read(request, MOST_HELD_BYTES)
    if encoding_of(request) == GZIP and len(received) <= MOST_HELD_BYTES:
        received = _unpacked(received)

    async def receive() -> Message:
        return {"type": "http.request", "body": received, "more_body": False}

    return Request(request.scope, receive)


def encoding_of(request: Request) -> str:
    """How a body is encoded: what ``Content-Encoding`` names, in lower case; empty for the body as it is."""
    named = ",".join(request.headers.getlist("content-encoding")).strip().lower()
    return "" if named == "identity" else named


def _unpacked(body: bytes) -> bytes:
    """Unpack one gzip member (RFC 1952), up to the first byte that is more than any route takes.

    Source: Google's client for Java compresses each body that it sends, and Google accepts that.
    """
    unpacking = zlib.decompressobj(wbits=_GZIP_WINDOW)
    try:
        plain = unpacking.decompress(body, MOST_HELD_BYTES + 1)
    except zlib.error as problem:
        raise invalid_argument("The body is not gzip, as Content-Encoding says.", reason="parseError") from problem
    if len(plain) <= MOST_HELD_BYTES and not unpacking.eof:
        raise invalid_argument("The gzip body ends before its end.", reason="parseError")
    if unpacking.unused_data:
        raise invalid_argument("The gzip body is followed by other data.", reason="parseError")
    return plain


async def _read(request: Request, limit: int) -> bytes:
    """A body, or the beginning of one that has more than ``limit`` bytes."""
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
        if len(received) > limit:
            break
    return bytes(received)


async def read_body(request: Request, *, limit: int = MOST_BODY_BYTES) -> bytes:
    """Read a request body of at most ``limit`` bytes.

    Raises:
        ApiError: 413, the body is larger.
    """
    received = await _read(request, limit)
    if len(received) > limit:
        raise ApiError(
            413, "INVALID_ARGUMENT", f"Request payload size exceeds the limit: {limit} bytes.", reason="tooLarge"
        )
    return received


def parse_json(body: bytes) -> dict[str, Any]:
    """Read a body as a JSON object; an empty body is an empty object.

    Raises:
        ApiError: 400, the body isn't strict JSON (see :mod:`federation_emulator.core.strict_json`), or isn't an object.
    """
    if not body.strip():
        return {}
    try:
        value = parse_strictly(body)
    except JsonProblem as problem:
        raise invalid_argument(f"Invalid JSON payload received: {problem}.", reason="parseError") from problem
    if not isinstance(value, dict):
        raise invalid_argument("Invalid JSON payload received. Expected an object.", reason="parseError")
    return value


async def read_json(request: Request, *, limit: int = MOST_BODY_BYTES) -> dict[str, Any]:
    """Read a body of at most ``limit`` bytes as the message of the method that is called.

    On a route of the local cloud's own it is any JSON object.

    Raises:
        ApiError: 413, it is too large; 400, it isn't strict JSON, or has a field that the message lacks, one twice, or
            one of another type.
    """
    body = parse_json(await read_body(request, limit=limit))
    method = google_method(request)
    return method.read_body(body) if method else body


def google_method(request: Request) -> Method | None:
    """Return the method of Google's that a request calls; ``None``: a route of the local cloud's own."""
    method: Method | None = request.scope.get(GOOGLE_METHOD)
    return method


def answer(value: dict[str, Any]) -> JSONResponse:
    """Answer 200 with a JSON object."""
    return JSONResponse(value)


def text_field(body: dict[str, Any], name: str, *, limit: int = 4096) -> str:
    """Take a string field from a message that was read; ``null`` counts as absent, and absent as empty.

    Raises:
        ApiError: 400, the field is longer than ``limit`` characters.
    """
    value: str = body.get(name) or ""
    if len(value) > limit:
        raise invalid_argument(f"'{name}' has {len(value)} characters; the limit is {limit}.")
    return value


def flag_parameter(request: Request, name: str) -> bool:
    """Take a boolean query parameter, its form checked; gcloud capitalises them (``showDeleted=True``)."""
    return request.query_params.get(name, "").lower() == "true"


def page(
    request: Request,
    entries: list[dict[str, Any]],
    *,
    key: str,
    size: str = "pageSize",
    following: str = "nextPageToken",
) -> dict[str, Any]:
    """Cut one page out of a list. On the last page the token's key is left out: an empty one loops clients.

    ``size`` is the page size's parameter, and ``following`` the next page's key in the answer. Without entries their
    ``key`` is left out too, as Google does.

    Raises:
        ApiError: 400, the page token or size isn't one of ours.
    """
    start_text = request.query_params.get("pageToken") or "0"
    size_text = request.query_params.get(size) or str(MOST_PAGE)
    if not _PAGE_TOKEN.fullmatch(start_text) or not _PAGE_TOKEN.fullmatch(size_text):
        raise invalid_argument("Request contains an invalid argument: page token or page size.")
    start, length = int(start_text), min(int(size_text) or MOST_PAGE, MOST_PAGE)
    cut = entries[start : start + length]
    body: dict[str, Any] = {key: cut} if cut else {}
    if start + length < len(entries):
        body[following] = str(start + length)
    return body
