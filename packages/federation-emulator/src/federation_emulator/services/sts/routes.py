"""``POST /v1/token``: form or JSON in, a federated token out; and ``POST /v1/introspect`` (RFC 7662).

The latter is what gcloud asks to learn whom a federated token speaks for. Source: Google, "Security Token Service API,
v1.introspect". The bearer of a token may ask about it, and about nothing else.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from federation_emulator.core.access import check_enabled
from federation_emulator.core.clock import from_rfc3339
from federation_emulator.core.context import Cloud
from federation_emulator.core.errors import ApiError, OAuthError, aborted
from federation_emulator.core.http import read_body
from federation_emulator.core.tokens import TokenKind
from federation_emulator.core.trace import Link, Part, Refused, Trail, refuse
from federation_emulator.ports.web_identity import ISSUER
from federation_emulator.services.iam.model import Oidc, PoolState, Provider
from federation_emulator.services.sts.aws_caller import ask_aws, refuse_without_aws
from federation_emulator.services.sts.exchange_rules import GCLOUD, check_client, check_kind, check_request
from federation_emulator.services.sts.fields import read_fields
from federation_emulator.services.sts.identity_token import check_claims, read_identity_token, verify
from federation_emulator.services.sts.model import ACCESS_TOKEN_TYPE, LIFETIME_SECONDS, ExchangeRequest
from federation_emulator.services.sts.rules import check_caller, check_provider, identify
from federation_emulator.services.sts.subject_token import read_subject_token
from keyless_bigquery.trust.principals import Principal

MOST_FORM_BYTES = 64 * 1024
_NAMES = tuple(entry.name for entry in dataclasses.fields(ExchangeRequest))


async def exchange_token(cloud: Cloud, request: Request) -> Response:
    """Exchange a subject token for a federated token (STS v1 ``token``)."""
    asked = await _asked(cloud, request)
    with cloud.trace.deciding(Link.TOKEN_EXCHANGE, resource=asked.audience) as trail:
        check_client(request.headers.getlist("authorization"))
        name = check_request(asked)
        check_enabled(cloud, "sts.googleapis.com", cloud.find_project(name.split("/")[1]))
        provider = _provider(cloud, name)
        trail.passed(Part.REQUEST, "the audience names an active provider of an active pool", name)
        check_kind(asked, oidc=provider.oidc is not None)
        lifetime = LIFETIME_SECONDS
        if provider.oidc:
            principal, lifetime = await _from_token(cloud, asked, name, provider.oidc, trail)
        else:
            principal = await _from_aws(cloud, asked, name, trail)
        trail.principal = principal.member
        trail.passed(Part.PRINCIPAL, "the subject is known in the pool as", principal.member)
        token, record = cloud.tokens.issue(
            TokenKind.FEDERATED,
            principal=principal,
            scopes=asked.scopes,
            lifetime_seconds=lifetime,
            decision=trail.id,
        )
        trail.passed(Part.TOKEN, "a federated token is issued", f"{record.fingerprint}, until {record.expires}")
    return JSONResponse(
        {
            "access_token": token,
            "issued_token_type": ACCESS_TOKEN_TYPE,
            "token_type": "Bearer",
            "expires_in": lifetime,
        },
        headers={"Cache-Control": "no-store"},
    )


async def _from_aws(cloud: Cloud, asked: ExchangeRequest, name: str, trail: Trail) -> Principal:
    """Name the principal of a signed AWS request."""
    signed = read_subject_token(asked.subject_token, audience=asked.audience, now=cloud.clock.host())
    trail.passed(
        Part.REQUEST,
        "the subject token is a signed GetCallerIdentity for this audience",
        f"host {signed.host}, region {signed.region}",
    )
    if not cloud.config.aws_url:
        refuse_without_aws()
    answer = await ask_aws(cloud.aws, signed, limit_seconds=cloud.config.aws_timeout_seconds)
    # Again: what was changed while AWS was asked counts from the moment that it was acknowledged.
    provider = _provider(cloud, name)
    caller = check_caller(answer, provider)
    trail.passed(Part.CALLER, "AWS verified the signature and names the provider's account", caller.arn)
    return identify(provider, caller, trail)


async def _from_token(
    cloud: Cloud, asked: ExchangeRequest, name: str, oidc: Oidc, trail: Trail
) -> tuple[Principal, int]:
    """Name the principal of an OIDC token, and for how many seconds: no longer than the token itself lasts."""
    token = read_identity_token(asked.subject_token)
    trail.passed(Part.REQUEST, "the subject token is a signed JWT", f"alg {token.algorithm}")
    keys = await cloud.issuer_keys.of(oidc, token.key_id)
    # Again, as above.
    provider = _provider(cloud, name)
    if provider.oidc != oidc:
        raise aborted("The provider was changed during the exchange. Try again.")
    verify(token, keys, trail)
    # The local AWS's tokens carry the host's time, as its signatures do; every other issuer's the local Google's.
    now = cloud.clock.host() if oidc.issuer_uri == ISSUER else cloud.clock.now()
    check_claims(token.claims, oidc, provider=name, now=now, trail=trail)
    left = max(1, int(token.claims["exp"] - now.timestamp()))
    return identify(provider, token.claims, trail), min(LIFETIME_SECONDS, left)


async def introspect_token(cloud: Cloud, request: Request) -> Response:
    """Say what a federated token stands for; of anything else only that it isn't active."""
    with cloud.trace.deciding(Link.ADMINISTRATION, resource="v1/introspect", quiet=True):
        fields = await read_parameters(request, ("token", "token_type_hint"))
        check_client(request.headers.getlist("authorization"))
    if fields.get("token_type_hint", "") not in {"", ACCESS_TOKEN_TYPE}:
        raise OAuthError("invalid_request", "Invalid value of token_type_hint in request.")
    if not fields.get("token"):
        raise OAuthError("invalid_request", "Missing required parameter: token")
    found = cloud.tokens.find(fields["token"])
    if found is None or found.kind is not TokenKind.FEDERATED or not _stands(cloud, found.principal):
        return JSONResponse({"active": False})
    return JSONResponse(
        {
            "active": True,
            "client_id": GCLOUD,
            "scope": " ".join(found.scopes),
            "iss": "https://sts.googleapis.com/",
            "sub": found.principal.member,
            "username": found.principal.member,
            "iat": int(from_rfc3339(found.issued).timestamp()),
            "exp": int(from_rfc3339(found.expires).timestamp()),
        },
        headers={"Cache-Control": "no-store"},
    )


def _provider(cloud: Cloud, name: str) -> Provider:
    project = cloud.find_project(name.split("/")[1]) or cloud.main_project
    return check_provider(
        name,
        project_number=project.number,
        pool=cloud.pools.get(name.partition("/providers/")[0]),
        provider=cloud.providers.get(name),
        now=cloud.clock.now(),
    )


async def _asked(cloud: Cloud, request: Request) -> ExchangeRequest:
    try:
        fields = await read_parameters(request, _NAMES)
    except Refused:
        with cloud.trace.deciding(Link.TOKEN_EXCHANGE, resource="an exchange that can't be read"):
            raise
    return ExchangeRequest(**{name: fields.get(name, "") for name in _NAMES})


async def read_parameters(request: Request, names: Sequence[str]) -> dict[str, str]:
    """Read a request's parameters; see :func:`federation_emulator.services.sts.fields.read_fields`.

    Raises:
        Refused: They can't be read; 413 for a body that is too large.
    """
    try:
        body = await read_body(request, limit=MOST_FORM_BYTES)
    except ApiError as problem:
        refuse(
            Part.REQUEST,
            rule=f"the body may have at most {MOST_FORM_BYTES} bytes",
            actual="more",
            expected="a form with one subject token",
            fix="send a subject token as google-auth makes it, of some 2,000 bytes",
            answer=problem,
        )
    content_types = request.headers.getlist("content-type")
    return read_fields(body, content_types=content_types, query=request.query_params.keys(), names=names)


def _stands(cloud: Cloud, principal: Principal) -> bool:
    pool = cloud.pools.get(principal.pool)
    return pool is not None and pool.state(cloud.clock.now()) is PoolState.ACTIVE
