"""``POST /v1/token``: form or JSON in, a federated token out."""

from __future__ import annotations

import dataclasses
from collections import Counter
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from local_cloud.access import check_enabled
from local_cloud.context import Cloud
from local_cloud.errors import ApiError, OAuthError
from local_cloud.http import parse_json, read_body
from local_cloud.services.sts.aws_caller import ask_aws
from local_cloud.services.sts.model import ACCESS_TOKEN_TYPE, LIFETIME_SECONDS, ExchangeRequest
from local_cloud.services.sts.oauth_client import check_client
from local_cloud.services.sts.rules import check_caller, check_provider, check_request, identify
from local_cloud.services.sts.subject_token import read_subject_token
from local_cloud.tokens import TokenKind
from local_cloud.trace import Link, Part

MOST_FORM_BYTES = 64 * 1024
_FIELDS = {
    "grantType": "grant_type",
    "audience": "audience",
    "scope": "scope",
    "requestedTokenType": "requested_token_type",
    "subjectToken": "subject_token",
    "subjectTokenType": "subject_token_type",
    "options": "options",
    "tokenTypeHint": "token_type_hint",
}


async def exchange_token(cloud: Cloud, request: Request) -> Response:
    """Exchange a subject token for a federated token (STS v1 ``token``)."""
    asked = await _read(request)
    with cloud.trace.deciding(Link.TOKEN_EXCHANGE, resource=asked.audience) as trail:
        check_client(request.headers.getlist("authorization"))
        name = check_request(asked)
        check_enabled(cloud, "sts.googleapis.com")
        now = cloud.clock.now()
        provider = check_provider(
            name,
            project_number=cloud.config.project_number,
            pool=cloud.pools.get(name.partition("/providers/")[0]),
            provider=cloud.providers.get(name),
            now=now,
        )
        trail.passed(Part.REQUEST, "the audience names an active provider of an active pool", name)
        signed = read_subject_token(asked.subject_token, audience=asked.audience, now=cloud.clock.host())
        trail.passed(
            Part.REQUEST,
            "the subject token is a signed GetCallerIdentity for this audience",
            f"host {signed.host}, region {signed.region}",
        )
        caller = check_caller(
            await ask_aws(cloud.aws, signed, limit_seconds=cloud.config.aws_timeout_seconds), provider
        )
        trail.passed(Part.CALLER, "AWS verified the signature and names the provider's account", caller.arn)
        principal = identify(provider, caller, trail)
        trail.principal = principal.member
        trail.passed(Part.PRINCIPAL, "the subject is known in the pool as", principal.member)
        token, record = cloud.tokens.issue(
            TokenKind.FEDERATED,
            principal=principal,
            scopes=asked.scopes,
            lifetime_seconds=LIFETIME_SECONDS,
            decision=trail.id,
        )
        trail.passed(Part.TOKEN, "a federated token is issued", f"{record.fingerprint}, until {record.expires}")
    return JSONResponse(
        {
            "access_token": token,
            "issued_token_type": ACCESS_TOKEN_TYPE,
            "token_type": "Bearer",
            "expires_in": LIFETIME_SECONDS,
        },
        headers={"Cache-Control": "no-store"},
    )


async def _read(request: Request) -> ExchangeRequest:
    fields = await read_fields(request)
    return ExchangeRequest(**{entry.name: fields.get(entry.name, "") for entry in dataclasses.fields(ExchangeRequest)})


async def read_fields(request: Request) -> dict[str, str]:
    """Read a form or a JSON object as fields named like the form's.

    Raises:
        OAuthError: It is neither, or a field isn't text or comes twice.
        ApiError: 413, it is too large.
    """
    body = await read_body(request, limit=MOST_FORM_BYTES)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json":
        return _from_json(body)
    return _from_form(body)


def _from_json(body: bytes) -> dict[str, str]:
    try:
        value = parse_json(body)
    except ApiError as problem:
        raise OAuthError("invalid_request", problem.message) from problem
    fields = {_FIELDS.get(key, key): field for key, field in value.items()}
    if len(fields) != len(value) or not all(isinstance(field, str) for field in fields.values()):
        raise OAuthError("invalid_request", "Every parameter must be a string, and none may be given twice.")
    return fields


def _from_form(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=20)
    except ValueError as problem:
        raise OAuthError("invalid_request", "The body is not a URL-encoded form.") from problem
    repeated = [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]
    if repeated:
        raise OAuthError("invalid_request", f"Parameter given more than once: {repeated[0][:60]}")
    return dict(pairs)
