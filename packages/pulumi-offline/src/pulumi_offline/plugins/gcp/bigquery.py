"""BigQuery datasets and tables.

Requests: https://cloud.google.com/bigquery/docs/reference/rest/v2
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pulumi_offline.plugins.errors import RefusedError
from pulumi_offline.plugins.gcp import columns, ids
from pulumi_offline.plugins.gcp.api import JSON
from pulumi_offline.plugins.gcp.named import Named
from pulumi_offline.plugins.kind import Created, Edit, deletion_allowed
from pulumi_offline.plugins.values import Properties

_POLICY_VERSION = {"accessPolicyVersion": "3"}
_ATTRIBUTION = {"goog-pulumi-provisioned": "true"}


class _Stored(Named):
    """What dataset and table share: labels, whole-object writes, string integers."""

    volatile = frozenset({"etag", "lastModifiedTime", "effectiveLabels", "pulumiLabels"})
    query: ClassVar[Mapping[str, str]] = {}
    collection: ClassVar[str]
    """Last part of the URL that a new one is posted to."""

    def _url(self, resource_id: str) -> str:
        return self._api.endpoints.big_query + resource_id

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
    inputs = frozenset(
        {
            "datasetId",
            "project",
            "location",
            "description",
            "friendlyName",
            "labels",
            "defaultTableExpirationMs",
            "deleteContentsOnDestroy",
            "deletionPolicy",
        }
    )
    replace_on = frozenset({"datasetId", "project", "location"})
    client_side = frozenset({"deleteContentsOnDestroy", "deletionPolicy"})
    defaults: ClassVar[Mapping[str, Any]] = {
        "description": "",
        "friendlyName": "",
        "labels": {},
        "defaultTableExpirationMs": 0,
        "deleteContentsOnDestroy": False,
        "deletionPolicy": "DELETE",
    }

    def _body(self, inputs: Properties, project: str, *, whole: bool) -> JSON:
        body: JSON = {
            "datasetReference": {"projectId": project, "datasetId": inputs["datasetId"]},
            "location": inputs.get("location", "US"),
            "labels": self._labels(inputs),
        }
        if whole:
            body |= {"description": "", "friendlyName": "", "defaultCollation": ""}
        body |= {name: inputs[name] for name in ("description", "friendlyName") if name in inputs}
        if inputs.get("defaultTableExpirationMs"):
            body["defaultTableExpirationMs"] = str(inputs["defaultTableExpirationMs"])
        return body

    def create(self, inputs: Properties) -> Created:
        """POST, read."""
        project = self._api.project_of(inputs)
        url = self._url(f"projects/{project}/datasets")
        self._api.call("POST", url, params=_POLICY_VERSION, body=self._body(inputs, project, whole=False))
        resource_id = f"projects/{project}/datasets/{inputs['datasetId']}"
        return Created(id=resource_id, state=self._read_again(resource_id, inputs))

    def read(self, resource_id: str, state: Properties) -> Properties | None:
        """GET."""
        parts = self._parts(resource_id)
        live = self._api.find(self._url(self.ids.whole(parts)), params=_POLICY_VERSION)
        if live is None:
            return None
        return self._common(live, state) | {
            **parts,
            "location": live.get("location", state.get("location", "US")),
            "defaultTableExpirationMs": int(live.get("defaultTableExpirationMs", 0)),
            "accesses": live.get("access", []),
            **{name: state.get(name, self.defaults[name]) for name in self.client_side},
        }

    def update(self, edit: Edit) -> Properties:
        """PUT the whole object without its access list."""
        if set(edit.changes) - self.client_side:
            body = self._body(edit.inputs, edit.id.split("/")[1], whole=True)
            self._api.call("PUT", self._url(edit.id), params=_POLICY_VERSION, body=body)
        return self._read_again(edit.id, edit.inputs)

    def delete(self, resource_id: str, state: Properties) -> None:
        """DELETE, with its tables only if `deleteContentsOnDestroy` says so."""
        if deletion_allowed(state, resource_id):
            contents = "true" if state.get("deleteContentsOnDestroy") else "false"
            self._api.remove(self._url(resource_id), params={"deleteContents": contents})


class Table(_Stored):
    """A native table with a schema. Columns can be added, relaxed or dropped; other changes make another table."""

    resource_type = "gcp:bigquery/table:Table"
    ids = ids.TABLE
    inputs = frozenset(
        {
            "datasetId",
            "tableId",
            "project",
            "description",
            "friendlyName",
            "labels",
            "schema",
            "deletionProtection",
            "deletionPolicy",
        }
    )
    replace_on = frozenset({"datasetId", "tableId", "project"})
    deletes_first = True
    client_side = frozenset({"deletionProtection", "deletionPolicy"})
    volatile = _Stored.volatile | {"numBytes", "numLongTermBytes", "numRows"}
    defaults: ClassVar[Mapping[str, Any]] = {
        "description": "",
        "friendlyName": "",
        "labels": {},
        "deletionProtection": True,
        "deletionPolicy": "DELETE",
    }

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

    def _body(self, inputs: Properties, project: str) -> JSON:
        reference = {"projectId": project, "datasetId": inputs["datasetId"], "tableId": inputs["tableId"]}
        body: JSON = {"tableReference": reference, "labels": self._labels(inputs)}
        body |= {name: inputs[name] for name in ("description", "friendlyName") if name in inputs}
        if "schema" in inputs:
            body["schema"] = {"fields": columns.on_the_wire(inputs["schema"])}
        return body

    def create(self, inputs: Properties) -> Created:
        """POST, read."""
        project = self._api.project_of(inputs)
        parent = f"projects/{project}/datasets/{inputs['datasetId']}/tables"
        self._api.call("POST", self._url(parent), body=self._body(inputs, project))
        resource_id = f"{parent}/{inputs['tableId']}"
        return Created(id=resource_id, state=self._read_again(resource_id, inputs))

    def read(self, resource_id: str, state: Properties) -> Properties | None:
        """GET."""
        parts = self._parts(resource_id)
        live = self._api.find(self._url(self.ids.whole(parts)))
        if live is None:
            return None
        sizes = {name: int(live.get(name, 0)) for name in ("numBytes", "numLongTermBytes", "numRows")}
        return (
            self._common(live, state)
            | sizes
            | {
                **parts,
                "schema": columns.live_text(live.get("schema", {}).get("fields", []), before=state.get("schema")),
                "generatedSchemaColumns": "",
                "location": live.get("location", ""),
                "type": live.get("type", "TABLE"),
                **{name: state.get(name, self.defaults[name]) for name in self.client_side},
            }
        )

    def update(self, edit: Edit) -> Properties:
        """Drop by SQL the live columns that the program lacks, then PUT the whole object."""
        if set(edit.changes) - self.client_side:
            live = self._api.call("GET", self._url(edit.id))
            project = edit.id.split("/")[1]
            if "schema" in edit.inputs:
                self._drop_columns(project, live, edit.inputs)
            self._api.call("PUT", self._url(edit.id), body=self._body(edit.inputs, project))
        return self._read_again(edit.id, edit.inputs)

    def _drop_columns(self, project: str, live: JSON, inputs: Properties) -> None:
        dropped = columns.dropped(live.get("schema", {}).get("fields", []), inputs["schema"])
        if not dropped:
            return
        table = f"`{project}.{inputs['datasetId']}.{inputs['tableId']}`"
        drops = ", ".join(f"DROP COLUMN `{name}`" for name in dropped)
        body = {"query": f"ALTER TABLE {table} {drops}", "useLegacySql": False}
        self._api.call("POST", self._url(f"projects/{project}/queries"), body=body)

    def delete(self, resource_id: str, state: Properties) -> None:
        """DELETE, unless the table is protected.

        Raises:
            RefusedError: when the state holds `deletionProtection`.
        """
        if not deletion_allowed(state, resource_id):
            return
        if state.get("deletionProtection", True):
            raise RefusedError(
                f"{resource_id} has deletionProtection: set it to false, run `pulumi up`, then delete it"
            )
        self._api.call("DELETE", self._url(resource_id))
