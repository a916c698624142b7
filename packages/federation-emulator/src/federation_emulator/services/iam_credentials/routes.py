"""``POST /v1/projects/-/serviceAccounts/EMAIL:generateAccessToken``: impersonation."""

from __future__ import annotations

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from federation_emulator.core.access import IAM_SCOPES, authenticate, authorize, check_enabled, consumer_of
from federation_emulator.core.context import Cloud
from federation_emulator.core.errors import ApiError, invalid_argument
from federation_emulator.core.http import read_json
from federation_emulator.core.permission_names import DELEGATE, GET_ACCESS_TOKEN
from federation_emulator.core.tokens import Token, TokenKind
from federation_emulator.core.trace import Link, Part, Trail
from federation_emulator.services.iam.accounts import find_account
from federation_emulator.services.iam_credentials import rules
from keyless_bigquery.trust.principals import Principal


async def generate_access_token(cloud: Cloud, request: Request) -> Response:
    """Give a principal an access token of a service account that it may impersonate."""
    email = request.path_params["account"]
    body: dict[str, object] = {}
    malformed: ApiError | None = None
    try:
        body = await read_json(request)
    except ApiError as problem:
        malformed = problem
    with cloud.trace.deciding(Link.IMPERSONATION, resource=f"serviceAccount:{email}") as trail:
        token = authenticate(cloud, request, trail, scopes=IAM_SCOPES)
        check_enabled(cloud, "iamcredentials.googleapis.com", consumer_of(cloud, token))
        if malformed is not None:
            raise malformed
        if request.path_params["project"] != "-":
            raise invalid_argument("The project of this method must be written as the wildcard '-'.")
        asked = rules.read_request(body)
        speaker = token
        for delegate in asked.delegates:
            speaker = _pass_on(cloud, speaker, delegate, trail)
        account = rules.check_account(find_account(cloud, email), email)
        authorize(speaker, GET_ACCESS_TOKEN, cloud.account_policies(account), trail, rules.denied())
        rules.check_enabled(account)
        access_token, record = cloud.tokens.issue(
            TokenKind.ACCESS,
            principal=Principal(member=account.member, unique_id=account.unique_id),
            scopes=asked.scopes,
            lifetime_seconds=asked.lifetime_seconds,
            decision=trail.id,
        )
        trail.passed(
            Part.TOKEN, f"an access token of {account.email} is issued", f"{record.fingerprint}, until {record.expires}"
        )
    return JSONResponse(
        {"accessToken": access_token, "expireTime": record.expires}, headers={"Cache-Control": "no-store"}
    )


def _pass_on(cloud: Cloud, speaker: Token, delegate: str, trail: Trail) -> Token:
    """Go one step along a delegation chain. Returns who speaks next: the same token's rights, as the delegate."""
    account = rules.check_account(find_account(cloud, delegate), delegate)
    authorize(speaker, DELEGATE, cloud.account_policies(account), trail, rules.denied(DELEGATE))
    rules.check_enabled(account)
    return replace(speaker, principal=Principal(member=account.member, unique_id=account.unique_id))
