"""The ``_local`` routes: not Google's, for the demo, ``explain`` and tests.

Only this machine reaches them, since the server listens on 127.0.0.1; health needs no token, so that a waiting
parent can ask. Decisions and resources hold no token, key or signature, so they need none either, but a host of this
machine: no other site's page may read them through the user's browser.

Clock and faults need the deployer's own token, which no grant replaces. A caller that moves the clock may outlive a
token or free a deleted pool's id, and one that injects faults may keep a revoked grant alive for a while.
"""

from __future__ import annotations

import json
from datetime import timedelta

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from federation_emulator.core.access import CLOUD_PLATFORM, authenticate
from federation_emulator.core.clock import ClockError, from_rfc3339, rfc3339
from federation_emulator.core.config import Project
from federation_emulator.core.context import Cloud
from federation_emulator.core.errors import invalid_argument, permission_denied
from federation_emulator.core.http import answer, read_json
from federation_emulator.core.policy_form import policy_wire
from federation_emulator.core.tokens import TokenKind
from federation_emulator.core.trace import Link, Part, refuse, to_json
from federation_emulator.core.validation import problems
from federation_emulator.faults.model import FaultSettings
from federation_emulator.services.iam.model import PoolState


async def health(cloud: Cloud, _request: Request) -> Response:
    """``GET /_local/health``, with how often each thing has happened that should never happen."""
    counted = {"counters": dict(cloud.counters)} if cloud.counters else {}
    return answer({"status": "ok", **counted})


async def decisions(cloud: Cloud, request: Request) -> Response:
    """``GET /_local/decisions?after=ID``: what was decided since, oldest first, and by which run of the server."""
    after = request.query_params.get("after")
    return answer({"run": cloud.trace.run, "decisions": to_json(cloud.trace.after(after))})


async def permissions(cloud: Cloud, _request: Request) -> Response:
    """``GET /_local/permissions``: which permissions were used by whom, and by which bindings they were held."""
    names = ("principal", "permission", "grant")
    return answer({"permissions": [dict(zip(names, one, strict=True)) for one in cloud.trace.used]})


async def unsupported(cloud: Cloud, _request: Request) -> Response:
    """``GET /_local/unsupported``: what was asked for and isn't served, the latest at the end."""
    return answer({"unsupported": cloud.unsupported.to_json()})


async def resources(cloud: Cloud, _request: Request) -> Response:
    """``GET /_local/resources``: what exists now. What is soft-deleted is listed apart."""
    now = cloud.clock.now()
    pools = [(pool.wire(), pool.state(now)) for pool in cloud.pools.values()]
    providers = [(provider.wire(), provider.state(now)) for provider in cloud.providers.values()]
    gone = {PoolState.DELETED, PoolState.ABSENT}
    return answer(
        {
            "enabledServices": _enabled(cloud, cloud.main_project),
            "projects": [
                {"projectId": p.id, "projectNumber": p.number, "enabledServices": _enabled(cloud, p)}
                for p in cloud.config.projects
            ],
            "pools": [wire for wire, state in pools if state not in gone],
            "providers": [wire for wire, state in providers if state not in gone],
            "deletedPools": [wire["name"] for wire, state in pools if state is PoolState.DELETED],
            "deletedProviders": [wire["name"] for wire, state in providers if state is PoolState.DELETED],
            "deletedServiceAccounts": [
                a.resource for a in cloud.accounts.values() if a.expire_time and from_rfc3339(a.expire_time) > now
            ],
            "serviceAccounts": [a.wire() for a in cloud.accounts.values() if not a.expire_time],
            "policies": {key: policy_wire(policy) for key, policy in cloud.policies.items() if policy.bindings},
            "datasets": {
                name.removeprefix(f"{cloud.main_project.policy_key}/datasets/"): list(access.entries)
                for name, access in cloud.datasets.items()
            },
            "views": sorted(cloud.views),
            "liveTokens": cloud.tokens.live(),
        }
    )


def _enabled(cloud: Cloud, project: Project) -> list[str]:
    return sorted(service.name for service in cloud.services.values() if service.project_id == project.id)


async def clock(cloud: Cloud, request: Request) -> Response:
    """``/_local/clock``: what time it is here, and how far that is ahead of the host.

    ``POST`` with ``{"advanceSeconds": N}`` puts it ahead first. It never goes back.
    """
    _only_the_deployer(cloud, request)
    if request.method == "POST":
        body = await read_json(request)
        step = body.get("advanceSeconds")
        if set(body) != {"advanceSeconds"} or isinstance(step, bool) or not isinstance(step, int):
            raise invalid_argument('The clock takes {"advanceSeconds": N}, N a whole number of seconds.')
        try:
            cloud.clock.advance(timedelta(seconds=min(max(step, -(10**10)), 10**10)))
        except ClockError as problem:
            raise invalid_argument(f"{problem}.") from problem
    return answer({"now": rfc3339(cloud.clock.now()), "aheadSeconds": int(cloud.clock.ahead.total_seconds())})


async def faults(cloud: Cloud, request: Request) -> Response:
    """``/_local/faults``: which are injected. ``POST`` says which shall be; what it leaves out is none."""
    _only_the_deployer(cloud, request)
    if request.method == "POST":
        body = await read_json(request)
        try:
            cloud.faults.change(FaultSettings.model_validate(body))
        except ValidationError as problem:
            raise invalid_argument(f"No such fault or value: {'; '.join(problems(problem))}.") from problem
    return answer(cloud.faults.settings.model_dump(by_alias=True))


async def issuer(cloud: Cloud, request: Request) -> Response:
    """``/_local/issuer``: the public keys of the local cloud's test issuer, as ``jwksJson`` takes them.

    ``POST`` with ``{"claims": {…}}`` signs a token of any claims.
    """
    _only_the_deployer(cloud, request)
    if request.method != "POST":
        return answer(json.loads(cloud.test_issuer.key_set()))
    body = await read_json(request)
    claims = body.get("claims")
    if set(body) != {"claims"} or not isinstance(claims, dict):
        raise invalid_argument('The test issuer takes {"claims": {…}}.')
    return answer({"token": cloud.test_issuer.token(claims)})


def _only_the_deployer(cloud: Cloud, request: Request) -> None:
    resource = request.url.path
    with cloud.trace.deciding(Link.ADMINISTRATION, resource=resource, quiet=True) as trail:
        token = authenticate(cloud, request, trail, scopes=CLOUD_PLATFORM)
        if token.kind is not TokenKind.DEPLOYER:
            refuse(
                Part.PERMISSION,
                rule="clock, faults and test issuer are the deployer's alone",
                actual=token.principal.member,
                expected="the deployer's token",
                fix="send the token in the state folder's file deployer-token",
                answer=permission_denied(f"Only the deployer may call {resource}."),
            )
