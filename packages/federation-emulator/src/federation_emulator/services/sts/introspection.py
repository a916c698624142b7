"""``POST /v1/introspect``: what gcloud asks to learn whom a federated token speaks for (RFC 7662).

Source: Google, "Security Token Service API, v1.introspect". The bearer of
a token may ask about it, and about nothing else.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from federation_emulator.core.clock import from_rfc3339
from federation_emulator.core.context import Cloud
from federation_emulator.core.errors import OAuthError
from federation_emulator.core.tokens import TokenKind
from federation_emulator.core.trace import Link
from federation_emulator.services.iam.model import PoolState
from federation_emulator.services.sts.model import ACCESS_TOKEN_TYPE, LIFETIME_SECONDS
from federation_emulator.services.sts.oauth_client import GCLOUD, check_client
from federation_emulator.services.sts.routes import read_parameters
from keyless_bigquery.trust.principals import Principal

_HINT = {"", ACCESS_TOKEN_TYPE}


async def introspect_token(cloud: Cloud, request: Request) -> Response:
    """Say what a federated token stands for; of anything else only that it isn't active."""
    with cloud.trace.deciding(Link.ADMINISTRATION, resource="v1/introspect", quiet=True):
        fields = await read_parameters(request, ("token", "token_type_hint"))
        check_client(request.headers.getlist("authorization"))
    if fields.get("token_type_hint", "") not in _HINT:
        raise OAuthError("invalid_request", "Invalid value of token_type_hint in request.")
    if not fields.get("token"):
        raise OAuthError("invalid_request", "Missing required parameter: token")
    found = cloud.tokens.find(fields["token"])
    if found is None or found.kind is not TokenKind.FEDERATED or not _stands(cloud, found.principal):
        return JSONResponse({"active": False})
    expires = int(from_rfc3339(found.expires).timestamp())
    return JSONResponse(
        {
            "active": True,
            "client_id": GCLOUD,
            "scope": " ".join(found.scopes),
            "iss": "https://sts.googleapis.com/",
            "sub": found.principal.member,
            "username": found.principal.member,
            "iat": expires - LIFETIME_SECONDS,
            "exp": expires,
        },
        headers={"Cache-Control": "no-store"},
    )


def _stands(cloud: Cloud, principal: Principal) -> bool:
    pool = cloud.pools.get(principal.pool)
    return pool is not None and pool.state(cloud.clock.now()) is PoolState.ACTIVE
