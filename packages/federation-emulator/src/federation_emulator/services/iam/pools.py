"""Routes of workload identity pools and their providers (IAM v1).

Creates, changes and deletes answer an operation that is already done, so that no client has to poll; polling works
all the same. What is written once for both goes by whether the path names a provider.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response

from federation_emulator.core.access import administer
from federation_emulator.core.context import Cloud
from federation_emulator.core.errors import already_exists, failed_precondition, not_found
from federation_emulator.core.http import answer, flag_parameter, page, read_json
from federation_emulator.services.iam.model import Oidc, Pool, PoolState, Provider, deletion_deadline
from federation_emulator.services.iam.rules import (
    POOL_FIELDS,
    PROVIDER_FIELDS,
    changed_pool,
    changed_provider,
    check_id,
    check_kind,
    kind_of,
    read_mask,
)
from federation_emulator.services.resource_manager.routes import check_provider

_POOLS, _PROVIDERS = "workloadIdentityPools", "workloadIdentityPoolProviders"
Kept = TypeVar("Kept", bound=Pool | Provider)


async def create_pool(cloud: Cloud, request: Request) -> Response:
    """``POST …/workloadIdentityPools?workloadIdentityPoolId=``."""
    _permit(cloud, request, "create")
    pool_id = request.query_params.get("workloadIdentityPoolId", "")
    check_id(pool_id, parameter="workload_identity_pool_id")
    name = f"{_parent(cloud, request)}/{pool_id}"
    body = await read_json(request)
    if _kept(cloud, cloud.pools.get(name)) is not None:
        raise already_exists()
    return _save(cloud, changed_pool(Pool(name=name), body, set(POOL_FIELDS)))


async def create_provider(cloud: Cloud, request: Request) -> Response:
    """``POST …/providers?workloadIdentityPoolProviderId=``; AWS and OIDC providers."""
    _permit(cloud, request, "create", _PROVIDERS)
    pool = _pool(cloud, request)
    provider_id = request.query_params.get("workloadIdentityPoolProviderId", "")
    check_id(provider_id, parameter="workload_identity_pool_provider_id")
    name = f"{pool.name}/providers/{provider_id}"
    body = await read_json(request)
    _check_live(pool)
    if _kept(cloud, cloud.providers.get(name)) is not None:
        raise already_exists()
    empty = Provider(name=name, oidc=Oidc(issuer_uri="") if kind_of(body) == "oidc" else None)
    provider = changed_provider(empty, body, set(PROVIDER_FIELDS))
    check_provider(cloud, cloud.project_of(request.path_params["project"]), provider)
    return _save(cloud, provider)


async def get(cloud: Cloud, request: Request) -> Response:
    """``GET`` of a pool or provider; answers deleted ones too."""
    _permit(cloud, request, "get")
    return answer(_found(cloud, request).wire())


async def list_all(cloud: Cloud, request: Request) -> Response:
    """``GET …/workloadIdentityPools`` and ``…/providers``; deleted ones only with ``showDeleted``."""
    kind = _PROVIDERS if "pool" in request.path_params else _POOLS
    _permit(cloud, request, "list", kind)
    found: list[Pool] | list[Provider]
    if kind is _PROVIDERS:
        pool = _pool(cloud, request)
        found = [provider for provider in cloud.providers.values() if provider.pool_name == pool.name]
    else:
        found = [pool for pool in cloud.pools.values() if pool.name.rpartition("/")[0] == _parent(cloud, request)]
    deleted_too = flag_parameter(request, "showDeleted")
    wires = [each.wire() for each in found if _kept(cloud, each) and (deleted_too or not each.expire_time)]
    return answer(page(request, wires, key=kind))


async def update(cloud: Cloud, request: Request) -> Response:
    """``PATCH`` of a pool or provider, with ``updateMask=``."""
    _permit(cloud, request, "update")
    found, body = _found(cloud, request), await read_json(request)
    fields = POOL_FIELDS if isinstance(found, Pool) else PROVIDER_FIELDS
    mask = read_mask(request.query_params.get("updateMask", ""), fields)
    if isinstance(found, Provider):
        check_kind(found, body, mask)
    _check_live(found)
    if isinstance(found, Pool):
        return _save(cloud, changed_pool(found, body, mask))
    changed = changed_provider(found, body, mask)
    check_provider(cloud, cloud.project_of(request.path_params["project"]), changed)
    return _save(cloud, changed)


async def delete(cloud: Cloud, request: Request) -> Response:
    """``DELETE`` of a pool or provider: kept 30 days, a pool's providers with it."""
    _permit(cloud, request, "delete")
    found = _found(cloud, request)
    _check_live(found)
    deadline = deletion_deadline(cloud.clock.now())
    for provider in cloud.providers.values():
        if provider.pool_name == found.name and not provider.expire_time:
            cloud.providers.put(provider.name, replace(provider, expire_time=deadline))
    return _save(cloud, replace(found, expire_time=deadline))


async def undelete(cloud: Cloud, request: Request) -> Response:
    """``POST …:undelete`` of a pool or provider; a pool's providers are brought back one by one."""
    _permit(cloud, request, "undelete")
    await read_json(request)
    found = _found(cloud, request)
    if isinstance(found, Provider):
        _check_live(_pool(cloud, request))
    if not found.expire_time:
        raise failed_precondition(f"{found.name} is not deleted.")
    return _save(cloud, replace(found, expire_time=""))


async def list_attestation_rules(cloud: Cloud, request: Request) -> Response:
    """``GET …/POOL:listAttestationRules``: none, for every pool that GET answers."""
    _permit(cloud, request, "get")
    _pool(cloud, request)
    return answer({})


async def get_operation(cloud: Cloud, request: Request) -> Response:
    """``GET …/operations/ID`` under a pool or provider."""
    _permit(cloud, request, "get", _POOLS)
    operation = cloud.operations.get(f"{_found(cloud, request).name}/operations/{request.path_params['operation']}")
    if operation is None:
        raise not_found("Requested entity was not found.")
    return answer(operation)


def _permit(cloud: Cloud, request: Request, verb: str, kind: str = "") -> None:
    kind = kind or (_PROVIDERS if "provider" in request.path_params else _POOLS)
    resource, project = request.url.path.removeprefix("/v1/"), request.path_params["project"]
    administer(cloud, request, f"iam.{kind}.{verb}", resource=resource, project=project, service="iam.googleapis.com")
    cloud.project_of(project)


def _parent(cloud: Cloud, request: Request) -> str:
    return cloud.project_of(request.path_params["project"]).pools_name


def _kept(cloud: Cloud, found: Kept | None) -> Kept | None:
    """A pool or provider that is there, perhaps deleted; ``None``: its id is free."""
    return found if found is not None and found.state(cloud.clock.now()) is not PoolState.ABSENT else None


def _pool(cloud: Cloud, request: Request) -> Pool:
    pool = _kept(cloud, cloud.pools.get(f"{_parent(cloud, request)}/{request.path_params['pool']}"))
    if pool is None:
        raise not_found("Requested entity was not found.")
    return pool


def _found(cloud: Cloud, request: Request) -> Pool | Provider:
    """The provider that the path names, or its pool if it names none."""
    pool = _pool(cloud, request)
    if "provider" not in request.path_params:
        return pool
    provider = _kept(cloud, cloud.providers.get(f"{pool.name}/providers/{request.path_params['provider']}"))
    if provider is None:
        raise not_found("Requested entity was not found.")
    return provider


def _check_live(found: Pool | Provider) -> None:
    if found.expire_time:
        raise failed_precondition(f"{found.name} is deleted. Undelete it first, or use another id.")


def _save(cloud: Cloud, changed: Pool | Provider) -> Response:
    kind = "WorkloadIdentityPool"
    if isinstance(changed, Pool):
        cloud.pools.put(changed.name, changed)
    else:
        cloud.providers.put(changed.name, changed)
        kind += "Provider"
    operation = cloud.operations.finish(
        f"{changed.name}/operations/", kind=f"google.iam.v1.{kind}", response=changed.wire()
    )
    return answer(operation)
