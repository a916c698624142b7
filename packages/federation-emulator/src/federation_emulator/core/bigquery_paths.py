"""BigQuery's paths without ``/bigquery/v2``, for clients that take the emulator's address as their base URL.

Google's client for Node puts ``/projects/…`` straight behind ``BIGQUERY_EMULATOR_HOST``, where the one for Python puts
``/bigquery/v2/projects/…`` (sources: ``@google-cloud/bigquery`` 8.3.1, ``google-cloud-bigquery`` 3.47). Such a path
becomes the longer one before anything reads it, so one set of routes judges both.
"""

from __future__ import annotations

import re

from starlette.types import ASGIApp, Receive, Scope, Send

from federation_emulator.core.google_methods import bigquery_collections

_PREFIX = "/bigquery/v2"


class BigQueryPaths:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        collections = "|".join(map(re.escape, sorted(bigquery_collections())))
        # No path of another API begins with /projects/, which always has a version before it.
        self._bare = re.compile(rf"/projects/[^/]+/(?:{collections})(?:/.*)?".encode(), re.DOTALL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, with the path that BigQuery's reference gives it."""
        # As it was sent: an escaped slash does not end a name.
        if scope["type"] == "http" and self._bare.fullmatch(sent := scope.get("raw_path", b"")):
            scope = {**scope, "path": _PREFIX + scope["path"], "raw_path": _PREFIX.encode() + sent}
        await self._app(scope, receive, send)
