"""IAM roles, their inline policies, and the managed policies attached to them.

Requests: https://docs.aws.amazon.com/IAM/latest/APIReference/
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import unquote

from pulumi_offline.plugins.aws.api import again
from pulumi_offline.plugins.aws.base import AwsKind, retag, tag_list, tag_map
from pulumi_offline.plugins.kind import Edit, Inputs, named
from pulumi_offline.plugins.values import Properties

CONFLICT_SECONDS = 30.0
"""How long the deletion of a role waits for that of its policies; the official provider waits for two minutes."""


class _Documented(AwsKind):
    """A type with one policy document."""

    service = "iam"
    document: ClassVar[str]
    """The input that holds the document."""
    autoname = "name"

    def check(self, inputs: Properties) -> Mapping[str, str]:
        """The document must be a JSON object."""
        reason = document_fault(inputs.get(self.document))
        return {self.document: reason} if reason else {}

    def same(self, name: str, old: Any, new: Any) -> bool:  # noqa: ANN401 (any JSON-like value)
        """Documents are compared as JSON."""
        return same_document(old, new) if name == self.document else super().same(name, old, new)


class Role(_Documented):
    """A role. Its inline policies are resources of their own."""

    resource_type = "aws:iam/role:Role"
    document = "assumeRolePolicy"
    inputs = Inputs(
        replace=named("name path"),
        defaults={
            "description": "",
            "maxSessionDuration": 3600,
            "path": "/",
            "permissionsBoundary": "",
            "tags": {},
        },
        kept=named("assumeRolePolicy"),
    )
    import_id = (r"(?P<RoleName>.+)", "NAME")
    deletes = "delete_role"

    def make(self, inputs: Properties) -> str:
        """CreateRole."""
        optional = {"Description": "description", "PermissionsBoundary": "permissionsBoundary"}
        self._ask(
            "create_role",
            RoleName=inputs["name"],
            AssumeRolePolicyDocument=inputs["assumeRolePolicy"],
            Path=inputs.get("path", "/"),
            MaxSessionDuration=inputs.get("maxSessionDuration", 3600),
            Tags=tag_list(inputs.get("tags", {})),
            **{key: inputs[name] for key, name in optional.items() if inputs.get(name)},
        )
        return str(inputs["name"])

    def remove(self, resource_id: str, state: Properties) -> None:
        """DeleteRole, again while the engine deletes the role's policies at the same time.

        Source: terraform-provider-aws, internal/service/iam/role.go, deleteRole.

        Raises:
            ServiceError: The policies are still there after :data:`CONFLICT_SECONDS`, or another refusal.
        """
        delete = functools.partial(super().remove, resource_id, state)
        again(delete, lambda error: error.reason == "DeleteConflict", limit_seconds=CONFLICT_SECONDS, pause_seconds=0.2)

    def read(self, resource_id: str, state: Properties) -> Properties | None:
        """GetRole."""
        answer = self._find("get_role", RoleName=resource_id)
        if answer is None:
            return None
        live = answer["Role"]
        tags = tag_map(live.get("Tags", []))
        document = live_document(live["AssumeRolePolicyDocument"], before=state.get("assumeRolePolicy"))
        return {
            "name": live["RoleName"],
            "assumeRolePolicy": document,
            "description": live.get("Description", ""),
            "maxSessionDuration": live.get("MaxSessionDuration", 3600),
            "path": live.get("Path", "/"),
            "permissionsBoundary": live.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", ""),
            "tags": tags,
            "tagsAll": tags,
            "arn": live["Arn"],
            "uniqueId": live["RoleId"],
            "createDate": live["CreateDate"].isoformat(),
        }

    def change(self, edit: Edit) -> None:
        """One request for each group of changed properties."""
        inputs, role = edit.inputs, {"RoleName": edit.id}
        if "assumeRolePolicy" in edit.changes:
            self._ask("update_assume_role_policy", PolicyDocument=inputs["assumeRolePolicy"], **role)
        # As the official plugin does. Source: terraform-provider-aws, internal/service/iam/role.go.
        if "description" in edit.changes:
            self._ask("update_role_description", Description=inputs.get("description", ""), **role)
        if "maxSessionDuration" in edit.changes:
            self._ask("update_role", MaxSessionDuration=inputs.get("maxSessionDuration", 3600), **role)
        if "permissionsBoundary" in edit.changes:
            if inputs.get("permissionsBoundary"):
                boundary = inputs["permissionsBoundary"]
                self._ask("put_role_permissions_boundary", PermissionsBoundary=boundary, **role)
            else:
                self._ask("delete_role_permissions_boundary", **role)
        retag(
            edit,
            untag=lambda keys: self._ask("untag_role", TagKeys=keys, **role),
            tag=lambda tags: self._ask("tag_role", Tags=tag_list(tags), **role),
        )


class RolePolicy(_Documented):
    """An inline policy of a role. Its id is `ROLE:NAME`."""

    resource_type = "aws:iam/rolePolicy:RolePolicy"
    document = "policy"
    inputs = Inputs(replace=named("name role"), kept=named("policy"))
    import_id = (r"(?P<RoleName>[^:]+):(?P<PolicyName>.+)", "ROLE:POLICY")
    deletes = "delete_role_policy"

    def make(self, inputs: Properties) -> str:
        """PutRolePolicy."""
        self._put(inputs)
        return f"{inputs['role']}:{inputs['name']}"

    def read(self, resource_id: str, state: Properties) -> Properties | None:
        """GetRolePolicy."""
        live = self._find("get_role_policy", **self._imported(resource_id))
        if live is None:
            return None
        policy = live_document(live["PolicyDocument"], before=state.get("policy"))
        return {"name": live["PolicyName"], "role": live["RoleName"], "policy": policy}

    def change(self, edit: Edit) -> None:
        """PutRolePolicy replaces the document."""
        self._put(edit.inputs)

    def _put(self, inputs: Properties) -> None:
        place = {"RoleName": inputs["role"], "PolicyName": inputs["name"]}
        self._ask("put_role_policy", PolicyDocument=inputs["policy"], **place)


class RolePolicyAttachment(AwsKind):
    """One managed policy on one role. Its id is `ROLE/POLICY_ARN`."""

    resource_type = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
    service = "iam"
    inputs = Inputs(replace=named("role policyArn"))
    deletes_first = True
    import_id = (r"(?P<RoleName>[^/]+)/(?P<PolicyArn>arn:.+)", "ROLE/POLICY_ARN")
    deletes = "detach_role_policy"

    def make(self, inputs: Properties) -> str:
        """AttachRolePolicy."""
        self._ask("attach_role_policy", RoleName=inputs["role"], PolicyArn=inputs["policyArn"])
        return f"{inputs['role']}/{inputs['policyArn']}"

    def read(self, resource_id: str, state: Properties) -> Properties | None:
        """ListAttachedRolePolicies."""
        del state
        known = self._imported(resource_id)
        attached = self._pages("list_attached_role_policies", "AttachedPolicies", RoleName=known["RoleName"])
        found = known["PolicyArn"] in [one["PolicyArn"] for one in attached]
        return {"role": known["RoleName"], "policyArn": known["PolicyArn"]} if found else None


def document_fault(document: object) -> str | None:
    """Why this can't be a policy document; None when it can, or is not known yet."""
    if not isinstance(document, str):
        return None
    try:
        parsed = json.loads(document)
    except json.JSONDecodeError as error:
        return f"not valid JSON: {error}"
    return None if isinstance(parsed, dict) else "expected a JSON object"


def same_document(old: object, new: object) -> bool:
    """Whether two documents mean the same, whatever their spacing and order of keys."""
    if not isinstance(old, str) or not isinstance(new, str):
        return bool(old == new)
    return bool(_normal(json.loads(old)) == _normal(json.loads(new)))


def _normal(value: Any) -> Any:  # noqa: ANN401 (any JSON value)
    """A list of one and its only item mean the same in a policy."""
    if isinstance(value, Mapping):
        return {key: _normal(item) for key, item in value.items()}
    if isinstance(value, list):
        return _normal(value[0]) if len(value) == 1 else [_normal(item) for item in value]
    return value


def live_document(live: object, *, before: str | None) -> str:
    """The live document, which may be percent-encoded, as text: the text from before, if it still means the same."""
    text = json.dumps(live) if isinstance(live, Mapping) else str(live)
    if text.startswith("%"):
        text = unquote(text)
    return before if before is not None and same_document(before, text) else text
