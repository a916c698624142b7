"""Query parameters that are passed on to the BigQuery emulator, checked: it would read some of them as it likes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from starlette.requests import Request

from federation_emulator.core.errors import ApiError, invalid_argument, unimplemented

_WHOLE = re.compile(r"[0-9]{1,18}")
_NUMBERS = ("maxResults", "startIndex", "pageToken")
_PASSED_ON = "formatOptions.useInt64Timestamp"


def paging(request: Request) -> dict[str, str]:
    """Read the parameters of a page of rows.

    Raises:
        ApiError: 400, one isn't a whole number; a page token is one that this server gave out, so it is one too.
    """
    given = {name: request.query_params.get(name, "") for name in _NUMBERS}
    for name, value in given.items():
        if value and not _WHOLE.fullmatch(value):
            what = "Invalid page token" if name == "pageToken" else f"Invalid value for {name}"
            raise invalid_argument(f"{what}: {value:.40}")
    kept = {name: value for name, value in given.items() if value}
    timestamps = request.query_params.get(_PASSED_ON)
    return {**kept, _PASSED_ON: timestamps} if timestamps in {"true", "false", "True", "False"} else kept


def selected_fields(request: Request, schema: Iterable[dict[str, Any]]) -> list[str] | None:
    """Read ``selectedFields``: the columns that are asked for, as the schema writes them; ``None``: all.

    Raises:
        ApiError: 400, a column that isn't there; 501, a part of one.
    """
    given = request.query_params.get("selectedFields", "")
    if not given:
        return None
    known = {field["name"].lower(): str(field["name"]) for field in schema}
    chosen = []
    for name in dict.fromkeys(part.strip() for part in given.split(",") if part.strip()):
        if name.lower() in known:
            chosen.append(known[name.lower()])
        elif name.partition(".")[0].lower() in known:
            raise unimplemented("selectedFields with parts of a column are not offered by the local cloud.")
        else:
            raise invalid_argument(f"No such field: {name:.100}")
    return chosen


def check_unchanged(request: Request, etag: object) -> None:
    """Honour ``If-Match``: the resource must still be the one that the client has read.

    Raises:
        ApiError: 412, it has been changed since.
    """
    wanted = request.headers.get("if-match")
    if wanted is None or wanted == "*" or _bare(str(etag)) in {_bare(part) for part in wanted.split(",")}:
        return
    raise ApiError(412, "FAILED_PRECONDITION", "Precondition check failed.", reason="conditionNotMet")


def _bare(etag: str) -> str:
    return etag.strip().removeprefix("W/").strip('"')
