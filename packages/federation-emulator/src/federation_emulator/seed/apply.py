"""Applying a seed: by the deployer's own calls of the server's API, so that no rule is passed by.

A seed can be applied again, as after a restart with kept state: what is there is brought to what the seed says, grants
are added to the policies as they are, and nothing is taken away. Rows are added only to a table that was made now.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import httpx
from starlette.types import ASGIApp

from federation_emulator.core.endpoints import Endpoints
from federation_emulator.expected import SeedError
from federation_emulator.faults.model import NO_FAULTS
from federation_emulator.seed.model import Grant, Pool, Provider, Seed, Table, target
from federation_emulator.seed.providers import TEST_ISSUER

_BATCH = 20
_CALL_LIMIT_SECONDS = 30.0
_CONFLICT = 409

Json = dict[str, Any]


async def apply_seed(app: ASGIApp, endpoints: Endpoints, seed: Seed) -> None:
    """Make what the seed says. The app is called in this process, as over HTTP, with the deployer's token.

    Raises:
        SeedError: The server refused a part, named by its key, with the server's own words.
    """
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),
        base_url=endpoints.google_url,
        headers={"Authorization": f"Bearer {endpoints.deployer_token}"},
        timeout=_CALL_LIMIT_SECONDS,
    ) as client:
        await _Sowing(client, endpoints, seed).all()


class _Sowing:
    def __init__(self, client: httpx.AsyncClient, endpoints: Endpoints, seed: Seed) -> None:
        self._client = client
        self._seed = seed
        self._id = endpoints.project_id
        self._project = f"/v1/projects/{endpoints.project_id}"
        self._bigquery = f"/bigquery/v2/projects/{endpoints.project_id}"

    async def all(self) -> None:
        services = self._seed.services
        for start in range(0, len(services), _BATCH):
            batch = {"serviceIds": services[start : start + _BATCH]}
            await self._done("services", "POST", f"{self._project}/services:batchEnable", batch)
        for pool_id, pool in self._seed.pools.items():
            await self._pool(pool_id, pool)
        for place, account in enumerate(self._seed.service_accounts):
            path = f"{self._project}/serviceAccounts"
            await self._made(f"serviceAccounts[{place}]", path, {"accountId": account})
        for dataset_id, dataset in self._seed.datasets.items():
            reference = {"projectId": self._id, "datasetId": dataset_id}
            body = {"datasetReference": reference, "location": dataset.location}
            where = f"datasets.{dataset_id}"
            await self._made(where, f"{self._bigquery}/datasets", body)
            for table_id, table in dataset.tables.items():
                await self._table(f"{where}.tables.{table_id}", {**reference, "tableId": table_id}, table)
        for place, grant in enumerate(self._seed.grants):
            await self._grant(f"grants[{place}]", grant)
        if self._seed.faults != NO_FAULTS:
            await self._done("faults", "POST", "/_local/faults", self._seed.faults.model_dump(by_alias=True))

    async def _pool(self, pool_id: str, pool: Pool) -> None:
        pools = f"{self._project}/locations/global/workloadIdentityPools"
        where = f"pools.{pool_id}"
        body = {"displayName": pool.display_name, "disabled": pool.disabled}
        await self._kept(where, pools, "workloadIdentityPoolId", pool_id, body)
        for provider_id, provider in pool.providers.items():
            place = f"{where}.providers.{provider_id}"
            await self._kept(
                place,
                f"{pools}/{pool_id}/providers",
                "workloadIdentityPoolProviderId",
                provider_id,
                await self._provider(place, provider),
            )

    async def _provider(self, where: str, provider: Provider) -> Json:
        kind: Json = {"aws": {"accountId": provider.account or self._seed.aws.account}}
        if provider.oidc:
            kind = {"oidc": dict(provider.oidc)}
        if provider.jwks == TEST_ISSUER:
            kind["oidc"]["jwksJson"] = json.dumps(await self._done(f"{where}.jwks", "GET", "/_local/issuer"))
        return {
            **kind,
            "attributeMapping": provider.mapping,
            "attributeCondition": provider.condition,
            "displayName": provider.display_name,
            "disabled": provider.disabled,
        }

    async def _kept(self, where: str, parent: str, parameter: str, name: str, body: Json) -> None:
        """Make a pool or a provider, or bring the one that is there to what the seed says."""
        if await self._made(where, f"{parent}?{parameter}={name}", body):
            return
        path = f"{parent}/{name}"
        if (await self._done(where, "GET", path)).get("state") == "DELETED":
            await self._done(where, "POST", f"{path}:undelete", {})
        mask = ",".join("aws.accountId" if field == "aws" else field for field in body)
        await self._done(where, "PATCH", f"{path}?updateMask={mask}", body)

    async def _table(self, where: str, reference: Json, table: Table) -> None:
        tables = f"{self._bigquery}/datasets/{reference['datasetId']}/tables"
        fields = [{"name": name, "type": kind} for name, kind in table.columns.items()]
        if not await self._made(where, tables, {"tableReference": reference, "schema": {"fields": fields}}):
            return
        if table.rows:
            path = f"{tables}/{reference['tableId']}/insertAll"
            answer = await self._done(f"{where}.rows", "POST", path, {"rows": [{"json": row} for row in table.rows]})
            if answer.get("insertErrors"):
                raise SeedError(f"{where}.rows: they were not taken: {answer['insertErrors']!r:.300}")

    async def _grant(self, where: str, grant: Grant) -> None:
        kind, names = target(grant.resource)
        if kind == "dataset":
            await self._dataset_grant(where, names["dataset"], grant)
            return
        path = {
            "project": self._project,
            "account": f"{self._project}/serviceAccounts/{names.get('account')}@{self._id}.iam.gserviceaccount.com",
            "table": f"{self._bigquery}/datasets/{names.get('dataset')}/tables/{names.get('table')}",
        }[kind]
        policy = await self._done(where, "POST", f"{path}:getIamPolicy", _VERSION_3)
        binding: Json = {"role": grant.role, "members": list(grant.members)}
        if grant.condition is not None:
            binding["condition"] = {k: v for k, v in grant.condition.model_dump(by_alias=True).items() if v}
            policy["version"] = 3
        held = list(_merged(policy.get("bindings", [])))
        merged = list(_merged([*held, binding]))
        if merged == held:
            return
        policy["bindings"] = merged
        await self._done(where, "POST", f"{path}:setIamPolicy", {"policy": policy})

    async def _dataset_grant(self, where: str, dataset: str, grant: Grant) -> None:
        if grant.condition is not None:
            raise SeedError(f"{where}.condition: a dataset's access list has none; grant on its tables or the project")
        path = f"{self._bigquery}/datasets/{dataset}"
        access = (await self._done(where, "GET", path)).get("access", [])
        entries = [{"role": grant.role, "iamMember": member} for member in grant.members]
        await self._done(where, "PATCH", path, {"access": [*access, *(new for new in entries if new not in access)]})

    async def _made(self, where: str, path: str, body: Json) -> bool:
        """Whether it was made now; it may have been there before."""
        answer = await self._client.post(path, json=body)
        if answer.status_code == _CONFLICT:
            return False
        self._check(where, answer)
        return True

    async def _done(self, where: str, method: str, path: str, body: Mapping[str, Any] | None = None) -> Json:
        answer = await self._client.request(method, path, json=body)
        self._check(where, answer)
        return dict(answer.json())

    @staticmethod
    def _check(where: str, answer: httpx.Response) -> None:
        if answer.is_error:
            error = answer.json().get("error", {})
            raise SeedError(f"{where}: refused with {answer.status_code}: {error.get('message', answer.text[:300])}")


_VERSION_3: Json = {"options": {"requestedPolicyVersion": 3}}
"""Asks for conditions too: a policy read without them and written back would lose them."""


def _merged(bindings: Iterable[Json]) -> Iterable[Json]:
    """Bindings with the same role and condition as one, each member once."""
    found: dict[str, Json] = {}
    for binding in bindings:
        key = repr((binding["role"], binding.get("condition")))
        members = found.setdefault(key, {**binding, "members": []})["members"]
        members += [member for member in binding["members"] if member not in members]
    return found.values()
