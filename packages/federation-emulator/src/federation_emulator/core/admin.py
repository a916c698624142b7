"""The ``_local`` routes: not Google's, for the demo, ``explain`` and tests. They change nothing and hold no secret.

Only this machine reaches them, since the server listens on 127.0.0.1; health needs no token, so that a waiting
parent can ask. Decisions and resources hold no token, key or signature, so they need none either, but a host of this
machine: no other site's page may read them through the user's browser.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from federation_emulator.core.clock import from_rfc3339
from federation_emulator.core.context import Cloud
from federation_emulator.core.http import answer
from federation_emulator.core.policy_form import policy_wire
from federation_emulator.core.projects import Project
from federation_emulator.core.trace import to_json
from federation_emulator.services.iam.model import PoolState


async def health(cloud: Cloud, _request: Request) -> Response:
    """``GET /_local/health``, with how often each thing has happened that should never happen."""
    counted = {"counters": dict(cloud.counters)} if cloud.counters else {}
    return answer({"status": "ok", **counted})


async def decisions(cloud: Cloud, request: Request) -> Response:
    """``GET /_local/decisions?after=ID``: what was decided since, oldest first, and by which run of the server."""
    after = request.query_params.get("after")
    return answer({"run": cloud.trace.run, "decisions": to_json(cloud.trace.after(after))})


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
                name.removeprefix(f"{cloud.project_name}/datasets/"): list(access.entries)
                for name, access in cloud.datasets.items()
            },
            "views": sorted(cloud.views),
            "liveTokens": cloud.tokens.live(),
        }
    )


def _enabled(cloud: Cloud, project: Project) -> list[str]:
    return sorted(service.name for service in cloud.services.values() if service.project_id == project.id)
