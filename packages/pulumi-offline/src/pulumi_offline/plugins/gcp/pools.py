"""Workload identity pools and their AWS providers.

Requests: https://cloud.google.com/iam/docs/reference/rest/v1/projects.locations.workloadIdentityPools
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pulumi_offline.plugins.gcp import ids
from pulumi_offline.plugins.gcp.api import JSON
from pulumi_offline.plugins.gcp.named import Named
from pulumi_offline.plugins.kind import Edit, Inputs, named
from pulumi_offline.plugins.values import Properties

_TEXTS: Mapping[str, Any] = {"displayName": "", "description": "", "disabled": False}


class _Federated(Named):
    """What pool and provider share: operations, update masks, soft delete."""

    endpoint = "iam"
    own_id: ClassVar[str]
    """The input, and the query parameter, that names a new one."""
    sent: ClassVar[tuple[str, ...]]
    """Fields of the body, which are also the fields of the update mask."""

    def _body(self, inputs: Properties) -> JSON:
        return {name: inputs[name] for name in self.sent if inputs.get(name) not in (None, "", False, {})}

    def _wait(self, operation: JSON) -> None:
        self._api.wait(operation, base=self._api.endpoints.iam)

    def make(self, inputs: Properties) -> str:
        """POST, follow the operation."""
        resource_id = self.place(inputs)
        url, query = self._url(resource_id.rpartition("/")[0]), {self.own_id: inputs[self.own_id]}
        self._wait(self._api.call("POST", url, params=query, body=self._body(inputs)))
        return resource_id

    def _found(self, live: JSON, state: Properties) -> Properties | None:
        """A soft-deleted object counts as gone, since the official plugin never undeletes."""
        del state
        if live.get("state") == "DELETED":
            return None
        fields = {name: live.get(name, self.inputs.defaults.get(name)) for name in self.sent}
        return fields | {"name": live["name"], "state": live.get("state", "ACTIVE")}

    def change(self, edit: Edit) -> None:
        """PATCH with a mask of what changed and a body of everything; no request for client-side changes."""
        mask = [name for name in self.sent if name in edit.changes]
        if mask:
            query, body = {"updateMask": ",".join(mask)}, self._body(edit.inputs)
            self._wait(self._api.call("PATCH", self._url(edit.id), params=query, body=body))

    def remove(self, resource_id: str, state: Properties) -> None:
        """DELETE and follow the operation. The id stays taken for 30 days."""
        del state
        self._wait(self._api.remove(self._url(resource_id)))


class Pool(_Federated):
    """A workload identity pool, always in location `global`."""

    resource_type = "gcp:iam/workloadIdentityPool:WorkloadIdentityPool"
    ids = ids.POOL
    own_id = "workloadIdentityPoolId"
    inputs = Inputs(
        replace=named("workloadIdentityPoolId project"), defaults=_TEXTS, client_side={"deletionPolicy": "DELETE"}
    )
    sent = ("displayName", "description", "disabled")

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
    own_id = "workloadIdentityPoolProviderId"
    inputs = Inputs(
        replace=named("workloadIdentityPoolId workloadIdentityPoolProviderId project"),
        defaults={**_TEXTS, "attributeCondition": ""},
        client_side={"deletionPolicy": "DELETE"},
        kept=named("aws attributeMapping"),
    )
    sent = ("displayName", "description", "disabled", "attributeMapping", "attributeCondition", "aws")

    def check(self, inputs: Properties) -> Mapping[str, str]:
        """Exactly the AWS kind of provider is served."""
        return {} if "aws" in inputs else {"aws": "the stand-in plugin serves AWS providers only: set aws.account_id"}
