"""One member in one role of an IAM policy: on a project, a service account or a table.

All three are the same cycle of reading the policy, merging one member in or out, and writing it back under its etag.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from types import MappingProxyType
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
    url: ClassVar[str]
    """Of that resource: `at` stands for the endpoints, `name` for its part of the id."""
    version: ClassVar[int] = 3
    """Policy version that is asked for and written."""
    asked: ClassVar[Mapping[str, Any]] = {}
    """How the version is asked for: further arguments of the request for the policy."""
    written: ClassVar[Mapping[str, str]] = {}
    """What is sent with a policy that is written."""

    def __init__(self, api: GoogleApi) -> None:
        self._api = api
        # Members of one policy come in parallel; without this they would only meet as etag conflicts.
        self._one_at_a_time = threading.Lock()

    def _name(self, inputs: Properties) -> str:
        """The part of the id that names the resource with the policy."""
        return self.ids.whole({**inputs, "project": self._api.project_of(inputs)})

    def _url(self, inputs: Properties) -> str:
        return self.url.format(name=self._name(inputs), at=self._api.endpoints)

    def _get(self, url: str) -> JSON:
        return self._api.call("POST", f"{url}:getIamPolicy", **self.asked)

    def make(self, inputs: Properties) -> str:
        """Merge the member in."""
        self._write(self._url(inputs), lambda bindings: with_member(bindings, inputs))
        return self.id_of("", inputs)

    def id_of(self, resource_id: str, live: Properties) -> str:
        """Resource, role, member and the condition's title, joined with slashes."""
        del resource_id
        title = [live["condition"]["title"]] if "condition" in live else []
        return "/".join([self._name(live), live["role"], live["member"], *title])

    def read(self, resource_id: str, state: Properties) -> Properties | None:
        """Look the member up; a resource that is gone has no members."""
        known, title = (state, None) if state else self._imported(resource_id)
        policy = unless_gone(lambda: self._get(self._url(known)))
        if policy is None:
            return None
        bindings = policy.get("bindings", [])
        if title is not None:
            known = known | titled(bindings, role=known["role"], title=title)
        if not has_member(bindings, known):
            return None
        live = {name: value for name, value in known.items() if name in self.inputs.names}
        if "project" in self.inputs.names:
            # Reported even where the program leaves it to the provider: naming it later must not replace the grant.
            live["project"] = self._api.project_of(known)
        return live | {"etag": policy.get("etag", "")}

    def _imported(self, resource_id: str) -> tuple[Properties, str | None]:
        """What an import's id has: resource, role and member between spaces, and the title of a condition if any."""
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
        unless_gone(lambda: self._write(self._url(state), lambda bindings: without_member(bindings, state)))

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
        self._api.call("POST", f"{url}:setIamPolicy", body={"policy": policy, **self.written})


def _belongs(binding: Mapping[str, Any], expected: Mapping[str, Any]) -> bool:
    return binding.get("role") == expected["role"] and binding.get("condition") == expected.get("condition")


def _is(member: str, expected: Mapping[str, Any]) -> bool:
    return member.casefold() == str(expected["member"]).casefold()


def has_member(bindings: Bindings, expected: Mapping[str, Any]) -> bool:
    """Whether the member is in the role, under the same condition. Members are compared without case."""
    return any(_belongs(b, expected) and any(_is(m, expected) for m in b.get("members", [])) for b in bindings)


def titled(bindings: Bindings, *, role: str, title: str) -> Properties:
    """The condition of this title, as an input; empty where the role has none under it."""
    conditions = [binding.get("condition", {}) for binding in bindings if binding.get("role") == role]
    return next(({"condition": condition} for condition in conditions if condition.get("title") == title), {})


def with_member(bindings: Bindings, expected: Mapping[str, Any]) -> Bindings:
    """The bindings with the member in its role; every other binding as it was."""
    if has_member(bindings, expected):
        return bindings
    merged = [dict(binding) for binding in bindings]
    for binding in merged:
        if _belongs(binding, expected):
            binding["members"] = [*binding.get("members", []), expected["member"]]
            return merged
    added: JSON = {"role": expected["role"], "members": [expected["member"]]}
    if "condition" in expected:
        added["condition"] = expected["condition"]
    return [*merged, added]


def without_member(bindings: Bindings, expected: Mapping[str, Any]) -> Bindings:
    """The bindings without the member in its role; a binding left empty goes."""
    merged = [
        {**b, "members": [m for m in b.get("members", []) if not _is(m, expected)]} if _belongs(b, expected) else b
        for b in bindings
    ]
    return [binding for binding in merged if binding["members"]]


class ProjectMember(_Member):
    """A member of a project's policy."""

    resource_type = "gcp:projects/iAMMember:IAMMember"
    ids = ids.PROJECT
    url = "{at.resource_manager_1}projects/{name}"
    inputs = Inputs(replace=named("project role member condition"))
    deletes_first = True
    asked = MappingProxyType({"body": {"options": {"requestedPolicyVersion": 3}}})
    written = MappingProxyType({"updateMask": "bindings,etag,auditConfigs"})


class AccountMember(_Member):
    """A member of a service account's policy: who may act as it."""

    resource_type = "gcp:serviceaccount/iAMMember:IAMMember"
    ids = ids.ACCOUNT
    url = "{at.iam}{name}"
    inputs = Inputs(replace=named("serviceAccountId role member condition"))
    asked = MappingProxyType({"params": {"options.requestedPolicyVersion": "3"}})

    def _name(self, inputs: Properties) -> str:
        return str(inputs["serviceAccountId"])

    def _inputs_of(self, parts: dict[str, str]) -> Properties:
        return {"serviceAccountId": self.ids.whole(parts)}


class TableMember(_Member):
    """A member of a BigQuery table's policy."""

    resource_type = "gcp:bigquery/iamMember:IamMember"
    ids = ids.TABLE
    url = "{at.big_query}{name}"
    inputs = Inputs(replace=named("project datasetId tableId role member condition"))
    version = 1
