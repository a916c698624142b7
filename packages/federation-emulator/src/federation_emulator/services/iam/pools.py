"""Routes of workload identity pools and their providers (IAM v1).

Creates, changes and deletes answer an operation that is already done, so that no client has to poll; polling works
all the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from federation_emulator.core.access import administer
from federation_emulator.core.context import Cloud
from federation_emulator.core.errors import already_exists, failed_precondition, invalid_argument, not_found
from federation_emulator.core.http import answer, flag_parameter, page, read_json
from federation_emulator.services.iam.model import Pool, PoolState, Provider, deletion_deadline
from federation_emulator.services.iam.rules import (
    POOL_FIELDS,
    PROVIDER_FIELDS,
    changed_pool,
    changed_provider,
    check_id,
    read_mask,
)
from federation_emulator.services.resource_manager.organisation import check_provider

_SERVICE = "iam.googleapis.com"
Kept = TypeVar("Kept", bound=Pool | Provider)


async def create_pool(cloud: Cloud, request: Request) -> Response:
    """``POST …/workloadIdentityPools?workloadIdentityPoolId=``."""
    _permit(cloud, request, "workloadIdentityPools.create")
    pool_id = request.query_params.get("workloadIdentityPoolId", "")
    check_id(pool_id, parameter="workload_identity_pool_id")
    name = f"{_parent(cloud, request)}/{pool_id}"
    body = await read_json(request)
    if _kept(cloud, cloud.pools.get(name)) is not None:
        raise already_exists()
    pool = changed_pool(Pool(name=name), body, set(POOL_FIELDS))
    return _save_pool(cloud, pool)


async def get_pool(cloud: Cloud, request: Request) -> Response:
    """``GET …/workloadIdentityPools/POOL``; answers deleted ones too."""
    _permit(cloud, request, "workloadIdentityPools.get")
    return answer(_pool(cloud, request).wire())


async def list_pools(cloud: Cloud, request: Request) -> Response:
    """``GET …/workloadIdentityPools``; deleted ones only with ``showDeleted``."""
    _permit(cloud, request, "workloadIdentityPools.list")
    found = [pool for pool in cloud.pools.values() if pool.name.rpartition("/")[0] == _parent(cloud, request)]
    return answer(page(request, _listed(cloud, request, found), key="workloadIdentityPools"))


async def update_pool(cloud: Cloud, request: Request) -> Response:
    """``PATCH …/workloadIdentityPools/POOL?updateMask=``."""
    _permit(cloud, request, "workloadIdentityPools.update")
    pool, body = _pool(cloud, request), await read_json(request)
    mask = read_mask(request.query_params.get("updateMask", ""), POOL_FIELDS)
    _check_live(pool)
    return _save_pool(cloud, changed_pool(pool, body, mask))


async def delete_pool(cloud: Cloud, request: Request) -> Response:
    """``DELETE …/workloadIdentityPools/POOL``: kept 30 days, its providers with it."""
    _permit(cloud, request, "workloadIdentityPools.delete")
    pool = _pool(cloud, request)
    _check_live(pool)
    deadline = deletion_deadline(cloud.clock.now())
    for provider in cloud.providers.values():
        if provider.pool_name == pool.name and not provider.expire_time:
            cloud.providers.put(provider.name, replace(provider, expire_time=deadline))
    return _save_pool(cloud, replace(pool, expire_time=deadline))


async def undelete_pool(cloud: Cloud, request: Request) -> Response:
    """``POST …/workloadIdentityPools/POOL:undelete``; its providers are brought back one by one."""
    _permit(cloud, request, "workloadIdentityPools.undelete")
    await read_json(request)
    pool = _pool(cloud, request)
    _check_deleted(pool)
    return _save_pool(cloud, replace(pool, expire_time=""))


async def list_attestation_rules(cloud: Cloud, request: Request) -> Response:
    """``GET …/POOL:listAttestationRules``: none, for every pool that GET answers."""
    _permit(cloud, request, "workloadIdentityPools.get")
    _pool(cloud, request)
    return answer({})


async def create_provider(cloud: Cloud, request: Request) -> Response:
    """``POST …/providers?workloadIdentityPoolProviderId=``; only AWS providers."""
    _permit(cloud, request, "workloadIdentityPoolProviders.create")
    pool = _pool(cloud, request)
    provider_id = request.query_params.get("workloadIdentityPoolProviderId", "")
    check_id(provider_id, parameter="workload_identity_pool_provider_id")
    name = f"{pool.name}/providers/{provider_id}"
    body = await read_json(request)
    _check_live(pool)
    if _kept(cloud, cloud.providers.get(name)) is not None:
        raise already_exists()
    provider = changed_provider(Provider(name=name, account_id=""), body, set(PROVIDER_FIELDS))
    check_provider(cloud, cloud.project_of(request.path_params["project"]), provider.account_id)
    return _save_provider(cloud, provider)


async def get_provider(cloud: Cloud, request: Request) -> Response:
    """``GET …/providers/PROVIDER``; answers deleted ones too."""
    _permit(cloud, request, "workloadIdentityPoolProviders.get")
    return answer(_provider(cloud, request).wire())


async def list_providers(cloud: Cloud, request: Request) -> Response:
    """``GET …/providers``; deleted ones only with ``showDeleted``."""
    _permit(cloud, request, "workloadIdentityPoolProviders.list")
    pool = _pool(cloud, request)
    providers = [provider for provider in cloud.providers.values() if provider.pool_name == pool.name]
    return answer(page(request, _listed(cloud, request, providers), key="workloadIdentityPoolProviders"))


async def update_provider(cloud: Cloud, request: Request) -> Response:
    """``PATCH …/providers/PROVIDER?updateMask=``."""
    _permit(cloud, request, "workloadIdentityPoolProviders.update")
    provider, body = _provider(cloud, request), await read_json(request)
    if body.get("oidc") or body.get("saml") or body.get("x509"):
        raise invalid_argument("The kind of a provider can't be changed: create a new one, with another id.")
    mask = read_mask(request.query_params.get("updateMask", ""), PROVIDER_FIELDS)
    _check_live(provider)
    changed = changed_provider(provider, body, mask)
    check_provider(cloud, cloud.project_of(request.path_params["project"]), changed.account_id)
    return _save_provider(cloud, changed)


async def delete_provider(cloud: Cloud, request: Request) -> Response:
    """``DELETE …/providers/PROVIDER``: kept 30 days."""
    _permit(cloud, request, "workloadIdentityPoolProviders.delete")
    provider = _provider(cloud, request)
    _check_live(provider)
    return _save_provider(cloud, replace(provider, expire_time=deletion_deadline(cloud.clock.now())))


async def undelete_provider(cloud: Cloud, request: Request) -> Response:
    """``POST …/providers/PROVIDER:undelete``."""
    _permit(cloud, request, "workloadIdentityPoolProviders.undelete")
    await read_json(request)
    provider = _provider(cloud, request)
    _check_live(_pool(cloud, request))
    _check_deleted(provider)
    return _save_provider(cloud, replace(provider, expire_time=""))


async def get_operation(cloud: Cloud, request: Request) -> Response:
    """``GET …/operations/ID`` under a pool or provider."""
    _permit(cloud, request, "workloadIdentityPools.get")
    prefix = _provider(cloud, request).name if "provider" in request.path_params else _pool(cloud, request).name
    operation = cloud.operations.get(f"{prefix}/operations/{request.path_params['operation']}")
    if operation is None:
        raise not_found("Requested entity was not found.")
    return answer(operation)


def _permit(cloud: Cloud, request: Request, permission: str) -> None:
    resource = request.url.path.removeprefix("/v1/")
    project = request.path_params["project"]
    administer(cloud, request, f"iam.{permission}", resource=resource, project=project, service=_SERVICE)
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


def _provider(cloud: Cloud, request: Request) -> Provider:
    name = f"{_pool(cloud, request).name}/providers/{request.path_params['provider']}"
    provider = _kept(cloud, cloud.providers.get(name))
    if provider is None:
        raise not_found("Requested entity was not found.")
    return provider


def _check_live(found: Pool | Provider) -> None:
    if found.expire_time:
        raise failed_precondition(f"{found.name} is deleted. Undelete it first, or use another id.")


def _check_deleted(found: Pool | Provider) -> None:
    if not found.expire_time:
        raise failed_precondition(f"{found.name} is not deleted.")


def _listed(cloud: Cloud, request: Request, found: Iterable[Pool | Provider]) -> list[dict[str, Any]]:
    deleted_too = flag_parameter(request, "showDeleted")
    return [each.wire() for each in found if _kept(cloud, each) and (deleted_too or not each.expire_time)]


def _save_pool(cloud: Cloud, pool: Pool) -> Response:
    cloud.pools.put(pool.name, pool)
    return _finished(cloud, pool, "WorkloadIdentityPool")


def _save_provider(cloud: Cloud, provider: Provider) -> Response:
    cloud.providers.put(provider.name, provider)
    return _finished(cloud, provider, "WorkloadIdentityPoolProvider")


def _finished(cloud: Cloud, changed: Pool | Provider, kind: str) -> Response:
    name = f"{changed.name}/operations/"
    return answer(cloud.operations.finish(name, kind=f"google.iam.v1.{kind}", response=changed.wire()))
