"""BigQuery datasets and tables.

Requests: https://cloud.google.com/bigquery/docs/reference/rest/v2
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pulumi_offline.plugins.errors import RefusedError
from pulumi_offline.plugins.gcp import columns, ids
from pulumi_offline.plugins.gcp.api import JSON
from pulumi_offline.plugins.gcp.named import Named
from pulumi_offline.plugins.kind import Edit, Inputs, named
from pulumi_offline.plugins.values import Properties

_ATTRIBUTION = {"goog-pulumi-provisioned": "true"}


class _Stored(Named):
    """What dataset and table share: labels, whole-object writes, string integers."""

    volatile = frozenset({"etag", "lastModifiedTime", "effectiveLabels", "pulumiLabels"})
    endpoint = "big_query"

    def make(self, inputs: Properties) -> str:
        """POST."""
        resource_id = self.place(inputs)
        url = self._url(resource_id.rpartition("/")[0])
        self._api.call("POST", url, params=self.query, body=self._body(inputs, resource_id))
        return resource_id

    @abstractmethod
    def _body(self, inputs: Properties, resource_id: str) -> JSON:
        """The object as it is written."""

    def _labels(self, inputs: Properties) -> dict[str, str]:
        return dict(inputs.get("labels", {})) | (_ATTRIBUTION if self._api.attribution else {})

    def same(self, name: str, old: Any, new: Any) -> bool:  # noqa: ANN401 (any JSON-like value)
        """Locations are the same in any case."""
        if name == "location" and isinstance(old, str) and isinstance(new, str):
            return old.upper() == new.upper()
        return super().same(name, old, new)

    def _common(self, live: JSON, state: Properties) -> Properties:
        """What both types read. Of the labels only those that the program gave; an import takes all."""
        effective = dict(live.get("labels", {}))
        known = state.get("labels", {}) if state else effective.keys() - _ATTRIBUTION.keys()
        own = {name: value for name, value in effective.items() if name in known}
        return {
            "labels": own,
            "effectiveLabels": effective,
            "pulumiLabels": effective,
            "description": live.get("description", ""),
            "friendlyName": live.get("friendlyName", ""),
            "etag": live.get("etag", ""),
            "selfLink": live.get("selfLink", ""),
            "creationTime": int(live.get("creationTime", 0)),
            "lastModifiedTime": int(live.get("lastModifiedTime", 0)),
        }


class Dataset(_Stored):
    """A dataset. Its access list is never written, so that grants made elsewhere survive."""

    resource_type = "gcp:bigquery/dataset:Dataset"
    ids = ids.DATASET
    query = MappingProxyType({"accessPolicyVersion": "3"})
    inputs = Inputs(
        replace=named("datasetId project location"),
        defaults={"description": "", "friendlyName": "", "labels": {}, "defaultTableExpirationMs": 0},
        client_side={"deleteContentsOnDestroy": False, "deletionPolicy": "DELETE"},
    )

    def _body(self, inputs: Properties, resource_id: str) -> JSON:
        body: JSON = {
            "datasetReference": {"projectId": resource_id.split("/")[1], "datasetId": inputs["datasetId"]},
            "location": inputs.get("location", "US"),
            "labels": self._labels(inputs),
        }
        body |= {name: inputs[name] for name in ("description", "friendlyName") if name in inputs}
        if inputs.get("defaultTableExpirationMs"):
            body["defaultTableExpirationMs"] = str(inputs["defaultTableExpirationMs"])
        return body

    def _found(self, live: JSON, state: Properties) -> Properties:
        return self._common(live, state) | {
            "location": live.get("location", state.get("location", "US")),
            "defaultTableExpirationMs": int(live.get("defaultTableExpirationMs", 0)),
            "accesses": live.get("access", []),
        }

    def change(self, edit: Edit) -> None:
        """PUT the whole object without its access list."""
        if set(edit.changes) - set(self.inputs.client_side):
            empty = {"description": "", "friendlyName": "", "defaultCollation": ""}
            body = empty | self._body(edit.inputs, edit.id)
            self._api.call("PUT", self._url(edit.id), params=self.query, body=body)

    def remove(self, resource_id: str, state: Properties) -> None:
        """DELETE, with its tables only if `deleteContentsOnDestroy` says so."""
        contents = "true" if state.get("deleteContentsOnDestroy") else "false"
        self._api.remove(self._url(resource_id), params={"deleteContents": contents})


class Table(_Stored):
    """A native table with a schema. Columns can be added, relaxed or dropped; other changes make another table."""

    resource_type = "gcp:bigquery/table:Table"
    ids = ids.TABLE
    inputs = Inputs(
        replace=named("datasetId tableId project"),
        defaults={"description": "", "friendlyName": "", "labels": {}},
        client_side={"deletionProtection": True, "deletionPolicy": "DELETE"},
        kept=named("schema"),
    )
    deletes_first = True
    volatile = _Stored.volatile | {"numBytes", "numLongTermBytes", "numRows"}

    def check(self, inputs: Properties) -> Mapping[str, str]:
        """The schema must be a JSON list of columns."""
        reason = columns.fault(inputs.get("schema"))
        return {"schema": reason} if reason else {}

    def same(self, name: str, old: Any, new: Any) -> bool:  # noqa: ANN401 (any JSON-like value)
        """Schemas are compared as columns, not as text."""
        if name == "schema" and isinstance(old, str) and isinstance(new, str):
            return columns.same(old, new)
        return super().same(name, old, new)

    def replaces(self, name: str, old: Any, new: Any) -> bool:  # noqa: ANN401 (any JSON-like value)
        """Which change of a schema is not sent to the table that exists."""
        if name == "schema" and isinstance(old, str) and isinstance(new, str):
            return columns.replaces(old, new)
        return super().replaces(name, old, new)

    def _body(self, inputs: Properties, resource_id: str) -> JSON:
        project = resource_id.split("/")[1]
        reference = {"projectId": project, "datasetId": inputs["datasetId"], "tableId": inputs["tableId"]}
        body: JSON = {"tableReference": reference, "labels": self._labels(inputs)}
        body |= {name: inputs[name] for name in ("description", "friendlyName") if name in inputs}
        if "schema" in inputs:
            body["schema"] = {"fields": columns.on_the_wire(inputs["schema"])}
        return body

    def _found(self, live: JSON, state: Properties) -> Properties:
        sizes = {name: int(live.get(name, 0)) for name in ("numBytes", "numLongTermBytes", "numRows")}
        fields = live.get("schema", {}).get("fields", [])
        return (
            self._common(live, state)
            | sizes
            | {
                "schema": columns.live_text(fields, before=state.get("schema")),
                "generatedSchemaColumns": "",
                "location": live.get("location", ""),
                "type": live.get("type", "TABLE"),
            }
        )

    def change(self, edit: Edit) -> None:
        """Drop by SQL the live columns that the program lacks, then PUT the whole object."""
        if set(edit.changes) - set(self.inputs.client_side):
            live = self._api.call("GET", self._url(edit.id))
            if "schema" in edit.inputs:
                self._drop_columns(edit.id.split("/")[1], live, edit.inputs)
            self._api.call("PUT", self._url(edit.id), body=self._body(edit.inputs, edit.id))

    def _drop_columns(self, project: str, live: JSON, inputs: Properties) -> None:
        dropped = columns.dropped(live.get("schema", {}).get("fields", []), inputs["schema"])
        if not dropped:
            return
        table = f"`{project}.{inputs['datasetId']}.{inputs['tableId']}`"
        drops = ", ".join(f"DROP COLUMN `{name}`" for name in dropped)
        body = {"query": f"ALTER TABLE {table} {drops}", "useLegacySql": False}
        self._api.call("POST", self._url(f"projects/{project}/queries"), body=body)

    def remove(self, resource_id: str, state: Properties) -> None:
        """DELETE, unless the table is protected.

        Raises:
            RefusedError: when the state holds `deletionProtection`.
        """
        if state.get("deletionProtection", True):
            raise RefusedError(
                f"{resource_id} has deletionProtection: set it to false, run `pulumi up`, then delete it"
            )
        self._api.call("DELETE", self._url(resource_id))
