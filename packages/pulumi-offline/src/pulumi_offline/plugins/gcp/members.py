"""One member in one role of an IAM policy: on a project, a service account or a table.

All three are the same cycle of reading the policy, merging one member in or out, and writing it back under its etag.
"""

from __future__ import annotations

import threading
import time
from abc import abstractmethod
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, ClassVar

from pulumi_offline.plugins.errors import PluginError, ServiceError
from pulumi_offline.plugins.gcp import ids
from pulumi_offline.plugins.gcp.api import JSON, LIMIT_SECONDS, GoogleApi, unless_gone
from pulumi_offline.plugins.gcp.ids import Ids
from pulumi_offline.plugins.kind import Inputs, Kind, named
from pulumi_offline.plugins.values import Properties

_CONFLICTS = {HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED}
Bindings = list[JSON]


class _Member(Kind):
    """A single member. Other members and other roles of the policy are left alone."""

    ids: ClassVar[Ids]
    """Of the resource that holds the policy, as an import writes it."""
    version: ClassVar[int]
    """Policy version that is asked for and written."""

    def __init__(self, api: GoogleApi) -> None:
        self._api = api
        # Members of one policy come in parallel; without this they would only meet as etag conflicts.
        self._one_at_a_time = threading.Lock()

    @abstractmethod
    def _resource(self, inputs: Properties) -> tuple[str, str]:
        """URL of the resource that holds the policy, and its part of the id."""

    @abstractmethod
    def _get(self, url: str) -> JSON:
        """Read the policy."""

    def _set_body(self, policy: JSON) -> JSON:
        return {"policy": policy}

    def make(self, inputs: Properties) -> str:
        """Merge the member in."""
        url, _ = self._resource(inputs)
        self._write(url, lambda bindings: with_member(bindings, inputs))
        return self.id_of("", inputs)

    def id_of(self, resource_id: str, live: Properties) -> str:
        """Resource, role, member and the condition's title, joined with slashes."""
        del resource_id
        _, name = self._resource(live)
        title = [live["condition"]["title"]] if "condition" in live else []
        return "/".join([name, live["role"], live["member"], *title])

    def read(self, resource_id: str, state: Properties) -> Properties | None:
        """Look the member up; a resource that is gone has no members."""
        known, title = (state, None) if state else self._imported(resource_id)
        url, _ = self._resource(known)
        policy = unless_gone(lambda: self._get(url))
        if policy is None:
            return None
        bindings = policy.get("bindings", [])
        if title is not None:
            known = known | titled(bindings, role=known["role"], title=title)
        if not has_member(bindings, known):
            return None
        live = {name: value for name, value in known.items() if name in self.inputs.names}
        if "project" in self.inputs.names:
            # Told even where the program leaves it to the provider: naming it later must not replace the grant.
            live["project"] = self._api.project_of(known)
        return live | {"etag": policy.get("etag", "")}

    def _imported(self, resource_id: str) -> tuple[Properties, str | None]:
        """What an import's id says: resource, role and member between spaces, and the title of a condition if any."""
        words = resource_id.split(" ", 3)
        if len(words) < 3:
            form = " or ".join(f'"{form} ROLE MEMBER"' for form in self.ids.forms)
            raise PluginError(f"{resource_id!r} can't be imported; write {form}, and the title of its condition if any")
        resource, role, member, *title = words
        parts = self.ids.parts(resource, project=self._api.project)
        return self._inputs_of(parts) | {"role": role, "member": member}, title[0] if title else None

    def _inputs_of(self, parts: dict[str, str]) -> Properties:
        """The inputs that name the resource."""
        return dict(parts)

    def remove(self, resource_id: str, state: Properties) -> None:
        """Merge the member out."""
        del resource_id
        url, _ = self._resource(state)
        unless_gone(lambda: self._write(url, lambda bindings: without_member(bindings, state)))

    def _write(self, url: str, merge: Callable[[Bindings], Bindings]) -> None:
        deadline, pause = time.monotonic() + LIMIT_SECONDS, 0.1
        with self._one_at_a_time:
            while True:
                try:
                    return self._write_once(url, merge)
                except ServiceError as error:
                    if error.status not in _CONFLICTS:
                        raise
                    if time.monotonic() + pause > deadline:
                        raise PluginError(f"too many conflicts while changing the policy: {error}") from error
                time.sleep(pause)
                pause *= 2

    def _write_once(self, url: str, merge: Callable[[Bindings], Bindings]) -> None:
        policy = self._get(url)
        policy["version"] = self.version
        bindings = merge(policy.pop("bindings", []))
        if bindings:
            policy["bindings"] = bindings
        self._api.call("POST", f"{url}:setIamPolicy", body=self._set_body(policy))


def _belongs(binding: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return binding.get("role") == wanted["role"] and binding.get("condition") == wanted.get("condition")


def _is(member: str, wanted: Mapping[str, Any]) -> bool:
    return member.casefold() == str(wanted["member"]).casefold()


def has_member(bindings: Bindings, wanted: Mapping[str, Any]) -> bool:
    """Whether the member is in the role, under the same condition. Members are compared without case."""
    return any(_belongs(b, wanted) and any(_is(m, wanted) for m in b.get("members", [])) for b in bindings)


def titled(bindings: Bindings, *, role: str, title: str) -> Properties:
    """The condition of this title, as an input; empty where the role has none under it."""
    conditions = [binding.get("condition", {}) for binding in bindings if binding.get("role") == role]
    return next(({"condition": condition} for condition in conditions if condition.get("title") == title), {})


def with_member(bindings: Bindings, wanted: Mapping[str, Any]) -> Bindings:
    """The bindings with the member in its role; every other binding as it was."""
    if has_member(bindings, wanted):
        return bindings
    merged = [dict(binding) for binding in bindings]
    for binding in merged:
        if _belongs(binding, wanted):
            binding["members"] = [*binding.get("members", []), wanted["member"]]
            return merged
    added: JSON = {"role": wanted["role"], "members": [wanted["member"]]}
    if "condition" in wanted:
        added["condition"] = wanted["condition"]
    return [*merged, added]


def without_member(bindings: Bindings, wanted: Mapping[str, Any]) -> Bindings:
    """The bindings without the member in its role; a binding left empty goes."""
    merged = [
        {**b, "members": [m for m in b.get("members", []) if not _is(m, wanted)]} if _belongs(b, wanted) else b
        for b in bindings
    ]
    return [binding for binding in merged if binding["members"]]


class ProjectMember(_Member):
    """A member of a project's policy."""

    resource_type = "gcp:projects/iAMMember:IAMMember"
    ids = ids.PROJECT
    inputs = Inputs(replace=named("project role member condition"))
    deletes_first = True
    version = 3

    def _resource(self, inputs: Properties) -> tuple[str, str]:
        project = self._api.project_of(inputs)
        return f"{_version_1(self._api.endpoints.resource_manager)}projects/{project}", project

    def _get(self, url: str) -> JSON:
        return self._api.call("POST", f"{url}:getIamPolicy", body={"options": {"requestedPolicyVersion": self.version}})

    def _set_body(self, policy: JSON) -> JSON:
        return {"policy": policy, "updateMask": "bindings,etag,auditConfigs"}


class AccountMember(_Member):
    """A member of a service account's policy: who may act as it."""

    resource_type = "gcp:serviceaccount/iAMMember:IAMMember"
    ids = ids.ACCOUNT
    inputs = Inputs(replace=named("serviceAccountId role member condition"))
    version = 3

    def _resource(self, inputs: Properties) -> tuple[str, str]:
        return f"{self._api.endpoints.iam}{inputs['serviceAccountId']}", str(inputs["serviceAccountId"])

    def _inputs_of(self, parts: dict[str, str]) -> Properties:
        return {"serviceAccountId": self.ids.whole(parts)}

    def _get(self, url: str) -> JSON:
        return self._api.call(
            "POST", f"{url}:getIamPolicy", params={"options.requestedPolicyVersion": str(self.version)}
        )


class TableMember(_Member):
    """A member of a BigQuery table's policy."""

    resource_type = "gcp:bigquery/iamMember:IamMember"
    ids = ids.TABLE
    inputs = Inputs(replace=named("project datasetId tableId role member condition"))
    version = 1

    def _resource(self, inputs: Properties) -> tuple[str, str]:
        project = self._api.project_of(inputs)
        name = self.ids.whole({**inputs, "project": project})
        return self._api.endpoints.big_query + name, name

    def _get(self, url: str) -> JSON:
        return self._api.call("POST", f"{url}:getIamPolicy")


def _version_1(base: str) -> str:
    """The setting with its last path segment replaced, as Google's typed clients do."""
    return base.rstrip("/").rpartition("/")[0] + "/v1/"
