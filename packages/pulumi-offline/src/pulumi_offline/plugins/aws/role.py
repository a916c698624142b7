"""IAM roles and their inline policies.

Requests: https://docs.aws.amazon.com/IAM/latest/APIReference/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pulumi_offline.plugins.aws import documents
from pulumi_offline.plugins.aws.base import AwsKind, retag, tag_list, tag_map
from pulumi_offline.plugins.kind import Edit, Inputs, named
from pulumi_offline.plugins.values import Properties


class _Documented(AwsKind):
    """A type with one policy document."""

    service = "iam"
    document: ClassVar[str]
    """The input that holds the document."""
    autoname = "name"

    def check(self, inputs: Properties) -> Mapping[str, str]:
        """The document must be a JSON object."""
        reason = documents.fault(inputs.get(self.document))
        return {self.document: reason} if reason else {}

    def same(self, name: str, old: Any, new: Any) -> bool:  # noqa: ANN401 (any JSON-like value)
        """Documents are compared as JSON."""
        return documents.same(old, new) if name == self.document else super().same(name, old, new)


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

    def read(self, resource_id: str, state: Properties) -> Properties | None:
        """GetRole."""
        answer = self._find("get_role", RoleName=resource_id)
        if answer is None:
            return None
        live = answer["Role"]
        tags = tag_map(live.get("Tags", []))
        document = documents.live_text(live["AssumeRolePolicyDocument"], before=state.get("assumeRolePolicy"))
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
        if {"description", "maxSessionDuration"} & set(edit.changes):
            longest = inputs.get("maxSessionDuration", 3600)
            self._ask("update_role", Description=inputs.get("description", ""), MaxSessionDuration=longest, **role)
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

    def remove(self, resource_id: str, state: Properties) -> None:
        """DeleteRole."""
        del state
        self._find("delete_role", RoleName=resource_id)


class RolePolicy(_Documented):
    """An inline policy of a role. Its id is `ROLE:NAME`."""

    resource_type = "aws:iam/rolePolicy:RolePolicy"
    document = "policy"
    inputs = Inputs(replace=named("name role"), kept=named("policy"))
    import_id = (r"(?P<RoleName>[^:]+):(?P<PolicyName>.+)", "ROLE:POLICY")

    def make(self, inputs: Properties) -> str:
        """PutRolePolicy."""
        self._put(inputs)
        return f"{inputs['role']}:{inputs['name']}"

    def read(self, resource_id: str, state: Properties) -> Properties | None:
        """GetRolePolicy."""
        live = self._find("get_role_policy", **self._imported(resource_id))
        if live is None:
            return None
        policy = documents.live_text(live["PolicyDocument"], before=state.get("policy"))
        return {"name": live["PolicyName"], "role": live["RoleName"], "policy": policy}

    def change(self, edit: Edit) -> None:
        """PutRolePolicy replaces the document."""
        self._put(edit.inputs)

    def remove(self, resource_id: str, state: Properties) -> None:
        """DeleteRolePolicy."""
        del state
        self._find("delete_role_policy", **self._imported(resource_id))

    def _put(self, inputs: Properties) -> None:
        place = {"RoleName": inputs["role"], "PolicyName": inputs["name"]}
        self._ask("put_role_policy", PolicyDocument=inputs["policy"], **place)
