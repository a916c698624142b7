"""The ``_local`` routes that change something: the clock and the faults. Both need the deployer.

A caller that moves the clock may outlive a token or free a deleted pool's id, and one that injects faults may keep a
revoked grant alive for a while. No grant gives either: only the deployer's own token does.
"""

from __future__ import annotations

from datetime import timedelta

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from federation_emulator.core.access import CLOUD_PLATFORM, authenticate
from federation_emulator.core.clock import ClockError, rfc3339
from federation_emulator.core.context import Cloud
from federation_emulator.core.errors import invalid_argument, permission_denied
from federation_emulator.core.http import answer, read_json
from federation_emulator.core.tokens import TokenKind
from federation_emulator.core.trace import Link, Part, refuse
from federation_emulator.core.validation import problems
from federation_emulator.faults.model import FaultSettings


async def get_clock(cloud: Cloud, request: Request) -> Response:
    """``GET /_local/clock``: what time it is here, and how far that is ahead of the host."""
    _only_the_deployer(cloud, request)
    return _clock(cloud)


async def move_clock(cloud: Cloud, request: Request) -> Response:
    """``POST /_local/clock`` with ``{"advanceSeconds": N}``: put the clock ahead. It never goes back."""
    _only_the_deployer(cloud, request)
    body = await read_json(request)
    step = body.get("advanceSeconds")
    if set(body) != {"advanceSeconds"} or isinstance(step, bool) or not isinstance(step, int):
        raise invalid_argument('The clock takes {"advanceSeconds": N}, N a whole number of seconds.')
    try:
        cloud.clock.advance(timedelta(seconds=min(max(step, -1), 10**10)))
    except ClockError as problem:
        raise invalid_argument(f"{problem}.") from problem
    return _clock(cloud)


async def get_faults(cloud: Cloud, request: Request) -> Response:
    """``GET /_local/faults``: which are injected."""
    _only_the_deployer(cloud, request)
    return _faults(cloud)


async def change_faults(cloud: Cloud, request: Request) -> Response:
    """``POST /_local/faults``: which shall be; what is left out is none, so ``{}`` clears all."""
    _only_the_deployer(cloud, request)
    body = await read_json(request)
    try:
        cloud.faults.change(FaultSettings.model_validate(body))
    except ValidationError as problem:
        raise invalid_argument(f"There are no such faults: {'; '.join(problems(problem))}.") from problem
    return _faults(cloud)


def _clock(cloud: Cloud) -> Response:
    return answer({"now": rfc3339(cloud.clock.now()), "aheadSeconds": int(cloud.clock.ahead.total_seconds())})


def _faults(cloud: Cloud) -> Response:
    return answer(cloud.faults.settings.model_dump(by_alias=True))


def _only_the_deployer(cloud: Cloud, request: Request) -> None:
    resource = request.url.path
    with cloud.trace.deciding(Link.ADMINISTRATION, resource=resource, quiet=True) as trail:
        token = authenticate(cloud, request, trail, scopes=CLOUD_PLATFORM)
        if token.kind is not TokenKind.DEPLOYER:
            refuse(
                Part.PERMISSION,
                rule="clock and faults are changed by the deployer alone",
                actual=token.principal.member,
                expected="the deployer's token",
                fix="send the token in the state folder's file deployer-token",
                answer=permission_denied(f"Only the deployer may call {resource}."),
            )
