"""Service accounts. Never their keys: the stand-in serves no type that could make one.

Requests: https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts
"""

from __future__ import annotations

from http import HTTPStatus

from pulumi_offline.plugins.errors import ServiceError
from pulumi_offline.plugins.gcp import ids
from pulumi_offline.plugins.gcp.api import JSON, until
from pulumi_offline.plugins.gcp.named import Named
from pulumi_offline.plugins.kind import Edit, Inputs, named
from pulumi_offline.plugins.values import Properties

_MASKS = {"description": "description", "displayName": "display_name"}
"""Input to its name in the update mask, which is in snake case for this API alone."""


class Account(Named):
    """A service account."""

    resource_type = "gcp:serviceaccount/account:Account"
    ids = ids.ACCOUNT
    endpoint = "iam"
    inputs = Inputs(
        replace=named("accountId project"),
        defaults={"displayName": "", "description": "", "disabled": False},
        client_side={"deletionPolicy": "DELETE", "createIgnoreAlreadyExists": False},
    )
    autoname = "accountId"

    def make(self, inputs: Properties) -> str:
        """POST, then GET until it shows, since Google's service accounts are not there at once."""
        email = f"{inputs['accountId']}@{self._api.project_of(inputs)}.iam.gserviceaccount.com"
        resource_id = self.place(inputs | {"email": email})
        body: JSON = {
            "accountId": inputs["accountId"],
            "serviceAccount": {name: inputs[name] for name in _MASKS if inputs.get(name)},
        }
        try:
            self._api.call("POST", self._url(resource_id.rpartition("/")[0]), body=body)
        except ServiceError as error:
            if error.status != HTTPStatus.CONFLICT or not inputs.get("createIgnoreAlreadyExists"):
                raise
        until(lambda: self._api.find(self._url(resource_id)) is not None, what=f"service account {email}")
        if inputs.get("disabled"):
            self._api.call("POST", self._url(f"{resource_id}:disable"), body={})
        return resource_id

    def _found(self, live: JSON, state: Properties) -> Properties:
        del state
        email = str(live["email"])
        return {
            "accountId": email.partition("@")[0],
            **({"project": live["projectId"]} if live.get("projectId") else {}),
            "displayName": live.get("displayName", ""),
            "description": live.get("description", ""),
            "disabled": live.get("disabled", False),
            "email": email,
            "member": f"serviceAccount:{email}",
            "name": live["name"],
            "uniqueId": live.get("uniqueId", ""),
        }

    def change(self, edit: Edit) -> None:
        """PATCH the texts, enable or disable."""
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
