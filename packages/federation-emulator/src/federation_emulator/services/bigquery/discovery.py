"""BigQuery's discovery document, which ``bq`` and google-api-python-client ask for before anything else.

The document is Google's own, as google-api-python-client ships it, with this server's address in place of Google's.
Methods in it that the local cloud does not offer are answered as such when they are called.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from federation_emulator.core.context import Cloud
from federation_emulator.core.errors import not_found
from federation_emulator.core.google_methods import document
from federation_emulator.core.http import answer


async def get_document(_cloud: Cloud, request: Request) -> Response:
    """``GET /$discovery/rest?version=v2``. Public, as at Google: it needs no token.

    Raises:
        ApiError: Another version is asked for.
    """
    version = request.query_params.get("version", "v2")
    if version != "v2":
        raise not_found(f"Discovery document not found for API service: bigquery version: {version[:20]}")
    root = str(request.base_url)
    return answer(document("bigquery.v2") | {"rootUrl": root, "baseUrl": f"{root}bigquery/v2/", "mtlsRootUrl": root})
