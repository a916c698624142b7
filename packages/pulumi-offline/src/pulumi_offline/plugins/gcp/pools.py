"""Workload identity pools and their AWS providers.

Requests: https://cloud.google.com/iam/docs/reference/rest/v1/projects.locations.workloadIdentityPools
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from pulumi_offline.plugins.gcp import ids
from pulumi_offline.plugins.gcp.api import JSON
from pulumi_offline.plugins.gcp.named import Named
from pulumi_offline.plugins.kind import Created, Edit, deletion_allowed
from pulumi_offline.plugins.values import Properties

_COMMON_DEFAULTS: Mapping[str, Any] = {
    "displayName": "",
    "description": "",
    "disabled": False,
    "deletionPolicy": "DELETE",
}


class _Federated(Named):
    """What pool and provider share: operations, update masks, soft delete."""

    client_side = frozenset({"deletionPolicy"})
    sent: ClassVar[tuple[str, ...]]
    """Fields of the body, which are also the fields of the update mask."""

    @abstractmethod
    def _place(self, inputs: Properties) -> tuple[str, dict[str, str], str]:
        """Parent path, the query that names the new object, and the object's id in Pulumi."""

    def _body(self, inputs: Properties) -> JSON:
        return {name: inputs[name] for name in self.sent if inputs.get(name) not in (None, "", False, {})}

    def _url(self, path: str) -> str:
        return self._api.endpoints.iam + path

    def create(self, inputs: Properties) -> Created:
        """POST, follow the operation, read."""
        parent, query, resource_id = self._place(inputs)
        operation = self._api.call("POST", self._url(parent), params=query, body=self._body(inputs))
        self._api.wait(operation, base=self._api.endpoints.iam)
        return Created(id=resource_id, state=self._read_again(resource_id, inputs))

    def read(self, resource_id: str, state: Properties) -> Properties | None:
        """GET; a soft-deleted object counts as gone, since the official plugin never undeletes."""
        parts = self._parts(resource_id)
        live = self._api.find(self._url(self.ids.whole(parts)))
        if live is None or live.get("state") == "DELETED":
            return None
        policy = {"deletionPolicy": state.get("deletionPolicy", "DELETE")}
        fields = {name: live.get(name, self.defaults.get(name)) for name in self.sent}
        outputs = {"name": live["name"], "state": live.get("state", "ACTIVE")}
        return parts | fields | outputs | policy

    def update(self, edit: Edit) -> Properties:
        """PATCH with a mask of what changed and a body of everything; no request for client-side changes."""
        mask = [name for name in self.sent if name in edit.changes]
        if mask:
            operation = self._api.call(
                "PATCH", self._url(edit.id), params={"updateMask": ",".join(mask)}, body=self._body(edit.inputs)
            )
            self._api.wait(operation, base=self._api.endpoints.iam)
        return self._read_again(edit.id, edit.inputs)

    def delete(self, resource_id: str, state: Properties) -> None:
        """DELETE and follow the operation. The id stays taken for 30 days."""
        if deletion_allowed(state, resource_id):
            self._api.wait(self._api.remove(self._url(resource_id)), base=self._api.endpoints.iam)


class Pool(_Federated):
    """A workload identity pool, always in location `global`."""

    resource_type = "gcp:iam/workloadIdentityPool:WorkloadIdentityPool"
    ids = ids.POOL
    inputs = frozenset(
        {"workloadIdentityPoolId", "project", "displayName", "description", "disabled", "deletionPolicy"}
    )
    replace_on = frozenset({"workloadIdentityPoolId", "project"})
    defaults = _COMMON_DEFAULTS
    sent = ("displayName", "description", "disabled")

    def _place(self, inputs: Properties) -> tuple[str, dict[str, str], str]:
        parent = f"projects/{self._api.project_of(inputs)}/locations/global/workloadIdentityPools"
        pool_id = inputs["workloadIdentityPoolId"]
        return parent, {"workloadIdentityPoolId": pool_id}, f"{parent}/{pool_id}"

    def read(self, resource_id: str, state: Properties) -> Properties | None:
        """GET, and the attestation rules that the official plugin asks for after every GET."""
        live = super().read(resource_id, state)
        if live is None:
            return None
        rules = self._api.find(self._url(f"{self.id_of(resource_id, live)}:listAttestationRules"))
        return None if rules is None else live


class Provider(_Federated):
    """A provider of a pool that trusts one AWS account."""

    resource_type = "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider"
    ids = ids.PROVIDER
    inputs = frozenset(
        {
            "workloadIdentityPoolId",
            "workloadIdentityPoolProviderId",
            "project",
            "displayName",
            "description",
            "disabled",
            "deletionPolicy",
            "aws",
            "attributeMapping",
            "attributeCondition",
        }
    )
    replace_on = frozenset({"workloadIdentityPoolId", "workloadIdentityPoolProviderId", "project"})
    defaults: ClassVar[Mapping[str, Any]] = {**_COMMON_DEFAULTS, "attributeCondition": ""}
    sent = ("displayName", "description", "disabled", "attributeMapping", "attributeCondition", "aws")

    def check(self, inputs: Properties) -> Mapping[str, str]:
        """Exactly the AWS kind of provider is served."""
        return {} if "aws" in inputs else {"aws": "the stand-in plugin serves AWS providers only: set aws.account_id"}

    def _place(self, inputs: Properties) -> tuple[str, dict[str, str], str]:
        pool = f"projects/{self._api.project_of(inputs)}/locations/global/workloadIdentityPools"
        parent = f"{pool}/{inputs['workloadIdentityPoolId']}/providers"
        provider_id = inputs["workloadIdentityPoolProviderId"]
        return parent, {"workloadIdentityPoolProviderId": provider_id}, f"{parent}/{provider_id}"
