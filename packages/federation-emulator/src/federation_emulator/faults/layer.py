"""The layer around the app in which requests are delayed, refused or lost. Never on ``/_local/`` or the page."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from federation_emulator.console.page.guard import is_own
from federation_emulator.core.errors import ApiError, OAuthError, Shape, body_of, error_info, shape_of, unavailable
from federation_emulator.faults.model import NO_FAULTS, FaultInjector
from federation_emulator.servers.listening import CUT

_MARK = {"X-Local-Fault": "this answer is an injected fault"}


class FaultLayer:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, faults: FaultInjector) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, late, or not at all."""
        exempt = scope["type"] != "http" or is_own(scope["path"])
        if exempt or self._faults.settings is NO_FAULTS:
            await self._app(scope, receive, send)
            return
        fault = self._faults.draw()
        if fault.delay_seconds:
            await asyncio.sleep(fault.delay_seconds)
        cut = cast("Callable[[], None] | None", scope.get("extensions", {}).get(CUT))
        if fault.dropped and cut is not None:
            cut()
            # Until the server has noticed: it would take a return without an answer for a bug.
            while (await receive())["type"] != "http.disconnect":
                continue
        elif fault.dropped or fault.error:
            # Called without a connection (in-process), a drop can only be an error.
            shape = shape_of(scope["path"])
            error = too_many(shape) if fault.error == 429 else unavailable("The service is currently unavailable.")
            await JSONResponse(body_of(error, shape), status_code=error.code, headers=_MARK)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def too_many(shape: Shape) -> ApiError | OAuthError:
    """Build the answer to too many requests.

    Sources: the exchange's is in Google's "Troubleshoot Workload Identity Federation"; BigQuery's, a 403, in its
    "Error messages"; the others follow the "Errors" page of Google's API design.
    """
    if shape is Shape.OAUTH:
        return OAuthError(
            "quota_exceeded",
            "The request was throttled due to rate limit: sts.googleapis.com/requests. Please retry after a few "
            "seconds.",
            code=429,
        )
    if shape is Shape.BIGQUERY:
        return ApiError(
            403,
            "PERMISSION_DENIED",
            "Exceeded rate limits: too many api requests per user per method for this user_method. For more "
            "information, see https://cloud.google.com/bigquery/docs/troubleshoot-quotas",
            reason="rateLimitExceeded",
        )
    return ApiError(
        429,
        "RESOURCE_EXHAUSTED",
        "Quota exceeded for quota metric 'Requests' and limit 'Requests per minute'.",
        details=[error_info("RATE_LIMIT_EXCEEDED")],
    )
