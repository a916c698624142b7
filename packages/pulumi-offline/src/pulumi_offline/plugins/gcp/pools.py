"""Workload identity pools and their providers, for AWS and OIDC.

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
    masked: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """Those that the update mask names by their parts."""

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
        found = {name: value for name, value in fields.items() if value is not None}
        return found | {"name": live["name"], "state": live.get("state", "ACTIVE")}

    def change(self, edit: Edit) -> None:
        """PATCH with a mask of what changed and a body of everything; no request for client-side changes."""
        mask = [path for name in self.sent if name in edit.changes for path in self.masked.get(name, (name,))]
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
    """A provider of a pool that trusts one AWS account, or one OIDC issuer."""

    resource_type = "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider"
    ids = ids.PROVIDER
    own_id = "workloadIdentityPoolProviderId"
    inputs = Inputs(
        replace=named("workloadIdentityPoolId workloadIdentityPoolProviderId project"),
        defaults={**_TEXTS, "attributeCondition": ""},
        client_side={"deletionPolicy": "DELETE"},
        kept=named("aws oidc attributeMapping"),
    )
    sent = ("displayName", "description", "disabled", "attributeMapping", "attributeCondition", "aws", "oidc")
    masked: ClassVar[Mapping[str, tuple[str, ...]]] = {
        # resource_iam_workload_identity_pool_provider.go, resourceIAMBetaWorkloadIdentityPoolProviderUpdate
        "oidc": ("oidc.allowed_audiences", "oidc.issuer_uri", "oidc.jwks_json")
    }

    def check(self, inputs: Properties) -> Mapping[str, str]:
        """Exactly one of the kinds that are served."""
        if ("aws" in inputs) is not ("oidc" in inputs):
            return {}
        return {"aws": "one of aws and oidc must be set, and not both; the stand-in plugin serves no other kind"}

    def same(self, name: str, old: Any, new: Any) -> bool:  # noqa: ANN401 (any JSON-like value)
        """An OIDC field that is empty is one that is not there."""
        return super().same(name, *map(_set_fields, (old, new))) if name == "oidc" else super().same(name, old, new)


def _set_fields(block: Any) -> Any:  # noqa: ANN401 (any JSON-like value)
    return {name: value for name, value in block.items() if value} if isinstance(block, Mapping) else block
