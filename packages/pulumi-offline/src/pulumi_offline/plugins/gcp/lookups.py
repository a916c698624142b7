"""What a program looks up in Google without owning it: a project, a pool, a provider, a dataset, a table.

Each sends the requests of the resource type of the same name, as the official plugin's data sources do.
"""

from __future__ import annotations

from pulumi_offline.plugins.errors import MissingError
from pulumi_offline.plugins.gcp.api import GoogleApi
from pulumi_offline.plugins.gcp.bigquery import Dataset, Table
from pulumi_offline.plugins.gcp.named import Named
from pulumi_offline.plugins.gcp.pools import Pool, Provider
from pulumi_offline.plugins.lookup import Lookup
from pulumi_offline.plugins.values import Properties


class OfKind(Lookup):
    """Reads an object as its resource type does."""

    def __init__(self, function: str, kind: type[Named], api: GoogleApi) -> None:
        self.function = function
        self.arguments = kind.ids.names | {"project"}
        self._api = api
        self._kind = kind(api)

    def answer(self, arguments: Properties) -> Properties:
        """GET.

        Raises:
            MissingError: in the official plugin's words, for what is not there or soft-deleted.
        """
        resource_id = self._kind.place(arguments)
        live = self._kind.read(resource_id, {})
        if live is None:
            raise MissingError(f"{resource_id} not found")
        if isinstance(self._kind, Provider):
            # A function answers each block of a provider as a list, and each field of it.
            aws, oidc = live.pop("aws", None), live.pop("oidc", None)
            empty = {"issuerUri": "", "allowedAudiences": [], "jwksJson": ""}
            live |= {"aws": [aws] if aws else [], "oidcs": [empty | oidc] if oidc else [], "samls": [], "x509s": []}
        return live | {"id": resource_id}


class GetProject(Lookup):
    """A project, with its number."""

    function = "gcp:organizations/getProject:getProject"
    arguments = frozenset({"projectId"})

    def __init__(self, api: GoogleApi) -> None:
        self._api = api

    def answer(self, arguments: Properties) -> Properties:
        """GET the project, then its billing.

        Raises:
            MissingError: in the official plugin's words.
        """
        project = self._api.project_of({"project": arguments.get("projectId")})
        url = f"{self._api.endpoints.resource_manager}projects/{project}"
        live = self._api.find(url)
        if live is None or live.get("lifecycleState") != "ACTIVE":
            raise MissingError(f"projects/{project} not found or not in ACTIVE state")
        billing = self._api.call("GET", f"{self._api.endpoints.billing}projects/{project}/billingInfo")
        labels, parent = live.get("labels", {}), live.get("parent", {})
        return {
            "id": f"projects/{project}",
            "projectId": live["projectId"],
            "number": live["projectNumber"],
            "name": live.get("name", ""),
            "labels": labels,
            "effectiveLabels": labels,
            "pulumiLabels": labels,
            "tags": {},
            "orgId": parent["id"] if parent.get("type") == "organization" else "",
            "folderId": parent["id"] if parent.get("type") == "folder" else "",
            "billingAccount": str(billing.get("billingAccountName", "")).removeprefix("billingAccounts/"),
            "autoCreateNetwork": True,
            "deletionPolicy": "PREVENT",
        }


def served(api: GoogleApi) -> list[Lookup]:
    """Every function."""
    return [
        GetProject(api),
        OfKind("gcp:iam/getWorkloadIdentityPool:getWorkloadIdentityPool", Pool, api),
        OfKind("gcp:iam/getWorkloadIdentityPoolProvider:getWorkloadIdentityPoolProvider", Provider, api),
        OfKind("gcp:bigquery/getDataset:getDataset", Dataset, api),
        OfKind("gcp:bigquery/getTable:getTable", Table, api),
    ]
