"""Service accounts. Never their keys: the stand-in serves no type that could make one.

Requests: https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, ClassVar

from pulumi_offline.plugins.errors import ServiceError
from pulumi_offline.plugins.gcp import ids
from pulumi_offline.plugins.gcp.api import JSON, until
from pulumi_offline.plugins.gcp.named import Named
from pulumi_offline.plugins.kind import Created, Edit, deletion_allowed
from pulumi_offline.plugins.values import Properties

_MASKS = {"description": "description", "displayName": "display_name"}
"""Input to its name in the update mask, which is in snake case for this API alone."""


class Account(Named):
    """A service account."""

    resource_type = "gcp:serviceaccount/account:Account"
    ids = ids.ACCOUNT
    inputs = frozenset(
        {
            "accountId",
            "project",
            "displayName",
            "description",
            "disabled",
            "deletionPolicy",
            "createIgnoreAlreadyExists",
        }
    )
    replace_on = frozenset({"accountId", "project"})
    autoname = "accountId"
    client_side = frozenset({"deletionPolicy", "createIgnoreAlreadyExists"})
    defaults: ClassVar[Mapping[str, Any]] = {
        "displayName": "",
        "description": "",
        "disabled": False,
        "deletionPolicy": "DELETE",
        "createIgnoreAlreadyExists": False,
    }

    def _url(self, resource_id: str) -> str:
        return self._api.endpoints.iam + resource_id

    def create(self, inputs: Properties) -> Created:
        """POST, then GET until it shows, since Google's service accounts are not there at once."""
        project = self._api.project_of(inputs)
        email = f"{inputs['accountId']}@{project}.iam.gserviceaccount.com"
        resource_id = f"projects/{project}/serviceAccounts/{email}"
        body: JSON = {
            "accountId": inputs["accountId"],
            "serviceAccount": {name: inputs[name] for name in _MASKS if inputs.get(name)},
        }
        try:
            self._api.call("POST", self._url(f"projects/{project}/serviceAccounts"), body=body)
        except ServiceError as error:
            if error.status != HTTPStatus.CONFLICT or not inputs.get("createIgnoreAlreadyExists"):
                raise
        until(lambda: self._api.find(self._url(resource_id)) is not None, what=f"service account {email}")
        if inputs.get("disabled"):
            self._api.call("POST", self._url(f"{resource_id}:disable"), body={})
        return Created(id=resource_id, state=self._read_again(resource_id, inputs))

    def read(self, resource_id: str, state: Properties) -> Properties | None:
        """GET."""
        parts = self._parts(resource_id)
        live = self._api.find(self._url(self.ids.whole(parts)))
        if live is None:
            return None
        email = str(live["email"])
        return {
            "accountId": email.partition("@")[0],
            "project": live.get("projectId") or parts["project"],
            "displayName": live.get("displayName", ""),
            "description": live.get("description", ""),
            "disabled": live.get("disabled", False),
            "email": email,
            "member": f"serviceAccount:{email}",
            "name": live["name"],
            "uniqueId": live.get("uniqueId", ""),
            **{name: state.get(name, self.defaults[name]) for name in self.client_side},
        }

    def update(self, edit: Edit) -> Properties:
        """PATCH the texts, enable or disable, and read until the change shows."""
        mask = [_MASKS[name] for name in _MASKS if name in edit.changes]
        if mask:
            live = self._api.call("GET", self._url(edit.id))
            account = {name: edit.inputs.get(name, "") for name in _MASKS}
            if "etag" in live:
                account["etag"] = live["etag"]
            body = {"serviceAccount": account, "updateMask": ",".join(mask)}
            self._api.call("PATCH", self._url(edit.id), body=body)
        if "disabled" in edit.changes:
            verb = "disable" if edit.inputs.get("disabled") else "enable"
            self._api.call("POST", self._url(f"{edit.id}:{verb}"), body={})
        return self._read_again(edit.id, edit.inputs)

    def delete(self, resource_id: str, state: Properties) -> None:
        """DELETE."""
        if deletion_allowed(state, resource_id):
            self._api.remove(self._url(resource_id))
