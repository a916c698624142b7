"""What a program looks up in Google without owning it: a project, a pool, a provider, a dataset, a table.

Each sends the requests of the resource type of the same name, as the official plugin's data sources do.
"""

from __future__ import annotations

from typing import ClassVar

from pulumi_offline.plugins.errors import MissingError
from pulumi_offline.plugins.gcp.api import GoogleApi
from pulumi_offline.plugins.gcp.bigquery import Dataset, Table
from pulumi_offline.plugins.gcp.pools import Pool, Provider
from pulumi_offline.plugins.lookup import Lookup
from pulumi_offline.plugins.values import Properties


class _OfKind(Lookup):
    """Reads an object as its resource type does."""

    kind_type: ClassVar[type[Pool | Provider | Dataset | Table]]

    def __init__(self, api: GoogleApi) -> None:
        self._api = api
        self._kind = self.kind_type(api)

    def answer(self, arguments: Properties) -> Properties:
        """GET.

        Raises:
            MissingError: in the official plugin's words, for what is not there or soft-deleted.
        """
        resource_id = self._kind.ids.whole(arguments | {"project": self._api.project_of(arguments)})
        live = self._kind.read(resource_id, {})
        if live is None:
            raise MissingError(f"{resource_id} not found")
        return self._result(live) | {"id": resource_id}

    def _result(self, live: Properties) -> Properties:
        return live


class GetPool(_OfKind):
    """A workload identity pool."""

    function = "gcp:iam/getWorkloadIdentityPool:getWorkloadIdentityPool"
    arguments = frozenset({"project", "workloadIdentityPoolId"})
    kind_type = Pool


class GetProvider(_OfKind):
    """A provider of a pool, with its mapping, its condition and its AWS account."""

    function = "gcp:iam/getWorkloadIdentityPoolProvider:getWorkloadIdentityPoolProvider"
    arguments = frozenset({"project", "workloadIdentityPoolId", "workloadIdentityPoolProviderId"})
    kind_type = Provider

    def _result(self, live: Properties) -> Properties:
        """A function answers each block as a list."""
        aws = live.get("aws")
        return live | {"aws": [aws] if aws else [], "oidcs": [], "samls": [], "x509s": []}


class GetDataset(_OfKind):
    """A dataset, with its access list."""

    function = "gcp:bigquery/getDataset:getDataset"
    arguments = frozenset({"project", "datasetId"})
    kind_type = Dataset


class GetTable(_OfKind):
    """A table, with its schema as JSON text."""

    function = "gcp:bigquery/getTable:getTable"
    arguments = frozenset({"project", "datasetId", "tableId"})
    kind_type = Table


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
