"""One entry of a BigQuery dataset's access list: one role for one member. Other entries are left alone.

The official plugin reads the list, adds or removes its entry, and writes the whole list back, without an etag. Source:
hashicorp/terraform-provider-google-beta, ``resource_bigquery_dataset_access.go``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from pulumi_offline.plugins.errors import PluginError
from pulumi_offline.plugins.gcp import ids
from pulumi_offline.plugins.gcp.api import JSON, GoogleApi, unless_gone
from pulumi_offline.plugins.kind import Inputs, Kind
from pulumi_offline.plugins.values import Properties

_VERSION = {"accessPolicyVersion": "3"}
_MEMBERS = ("userByEmail", "iamMember")
_SHORT = {"roles/bigquery.dataViewer": "READER"} | {
    "roles/bigquery.dataEditor": "WRITER",
    "roles/bigquery.dataOwner": "OWNER",
}
"""Google answers these roles by their old names, and the plugin takes both for the same."""


class DatasetAccess(Kind):
    """An entry for an account or another principal; views and groups are the official plugin's alone."""

    resource_type = "gcp:bigquery/datasetAccess:DatasetAccess"
    inputs = Inputs(replace=frozenset({"project", "datasetId", "role", *_MEMBERS}))

    def __init__(self, api: GoogleApi) -> None:
        self._api = api
        # Entries of one list come in parallel, and the last writer of a list wins.
        self._one_at_a_time = threading.Lock()

    def make(self, inputs: Properties) -> str:
        """Add the entry; one that is there already is refused, as the official plugin refuses it."""
        self._write(inputs, lambda access: with_entry(access, inputs))
        return self._dataset(inputs)

    def read(self, resource_id: str, state: Properties) -> Properties | None:
        """Look the entry up; a dataset that is gone has none."""
        if not state:
            raise PluginError(f"{resource_id!r}: this resource does not support import")
        live = self._api.find(self._url(state), params=_VERSION)
        if live is None or not has_entry(live.get("access", []), state):
            return None
        kept = {name: value for name, value in state.items() if name in self.inputs.names}
        return kept | {"project": self._api.project_of(state)}

    def remove(self, resource_id: str, state: Properties) -> None:
        """Remove the entry."""
        del resource_id
        unless_gone(lambda: self._write(state, lambda access: without_entry(access, state)))

    def _dataset(self, inputs: Properties) -> str:
        return ids.DATASET.whole(inputs | {"project": self._api.project_of(inputs)})

    def _url(self, inputs: Properties) -> str:
        return self._api.endpoints.big_query + self._dataset(inputs)

    def _write(self, inputs: Properties, change: Callable[[list[JSON]], list[JSON]]) -> None:
        url = self._url(inputs)
        with self._one_at_a_time:
            access = change(self._api.call("GET", url, params=_VERSION).get("access", []))
            self._api.call("PATCH", url, params=_VERSION, body={"access": access})


def with_entry(access: list[JSON], expected: Properties) -> list[JSON]:
    """The list with the entry; every other one as it was.

    Raises:
        PluginError: It is there already.
    """
    if has_entry(access, expected):
        raise PluginError(f"Unable to create DatasetAccess, existing object already found: {_entry(expected)}")
    return [*access, _entry(expected)]


def without_entry(access: list[JSON], expected: Properties) -> list[JSON]:
    """The list without the entry; every other one as it was."""
    return [entry for entry in access if not has_entry([entry], expected)]


def has_entry(access: list[JSON], expected: Properties) -> bool:
    """Whether the list gives the role to the member, under whichever of the role's names."""
    sought = {name: value for name, value in _entry(expected).items() if name != "datasetId"}
    return any({**entry, "role": _SHORT.get(entry.get("role", ""), entry.get("role"))} == sought for entry in access)


def _entry(inputs: Properties) -> JSON:
    member = {name: inputs[name] for name in _MEMBERS if inputs.get(name)}
    # The stray id is what the official plugin sends, too.
    return {"datasetId": inputs["datasetId"], "role": _SHORT.get(inputs["role"], inputs["role"]), **member}
