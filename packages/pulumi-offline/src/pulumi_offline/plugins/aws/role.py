"""IAM roles and their inline policies.

Requests: https://docs.aws.amazon.com/IAM/latest/APIReference/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pulumi_offline.plugins.aws import documents
from pulumi_offline.plugins.aws.api import AwsApi, aws_errors, unless_gone
from pulumi_offline.plugins.aws.tags import tag_changes, tag_list
from pulumi_offline.plugins.errors import PluginError
from pulumi_offline.plugins.kind import Created, Edit, Kind, read_back
from pulumi_offline.plugins.values import Properties


class _Documented(Kind):
    """A type with one policy document."""

    document: ClassVar[str]
    """The input that holds the document."""
    autoname = "name"

    def __init__(self, api: AwsApi) -> None:
        self._api = api

    @property
    def _iam(self) -> Any:  # noqa: ANN401 (botocore makes its clients' methods at run time)
        return self._api.client("iam")

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
    inputs = frozenset(
        {"name", "assumeRolePolicy", "description", "maxSessionDuration", "path", "permissionsBoundary", "tags"}
    )
    replace_on = frozenset({"name", "path"})
    defaults: ClassVar[Mapping[str, Any]] = {
        "description": "",
        "maxSessionDuration": 3600,
        "path": "/",
        "permissionsBoundary": "",
        "tags": {},
    }

    def create(self, inputs: Properties) -> Created:
        """CreateRole, GetRole."""
        request = {
            "RoleName": inputs["name"],
            "AssumeRolePolicyDocument": inputs["assumeRolePolicy"],
            "Path": inputs.get("path", "/"),
            "MaxSessionDuration": inputs.get("maxSessionDuration", 3600),
            "Tags": tag_list(inputs.get("tags", {})),
        }
        if inputs.get("description"):
            request["Description"] = inputs["description"]
        if inputs.get("permissionsBoundary"):
            request["PermissionsBoundary"] = inputs["permissionsBoundary"]
        with aws_errors():
            self._iam.create_role(**request)
        return Created(id=inputs["name"], state=self._read_again(inputs["name"], inputs))

    def read(self, resource_id: str, state: Properties) -> Properties | None:
        """GetRole."""
        live = unless_gone(lambda: self._iam.get_role(RoleName=resource_id)["Role"])
        if live is None:
            return None
        tags = {tag["Key"]: tag["Value"] for tag in live.get("Tags", [])}
        return {
            "name": live["RoleName"],
            "assumeRolePolicy": documents.live_text(
                live["AssumeRolePolicyDocument"], before=state.get("assumeRolePolicy")
            ),
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

    def update(self, edit: Edit) -> Properties:
        """One request for each group of changed properties."""
        with aws_errors():
            if "assumeRolePolicy" in edit.changes:
                self._iam.update_assume_role_policy(RoleName=edit.id, PolicyDocument=edit.inputs["assumeRolePolicy"])
            if {"description", "maxSessionDuration"} & set(edit.changes):
                self._iam.update_role(
                    RoleName=edit.id,
                    Description=edit.inputs.get("description", ""),
                    MaxSessionDuration=edit.inputs.get("maxSessionDuration", 3600),
                )
            if "permissionsBoundary" in edit.changes:
                self._change_boundary(edit)
            if "tags" in edit.changes:
                self._change_tags(edit)
        return self._read_again(edit.id, edit.inputs)

    def _change_boundary(self, edit: Edit) -> None:
        wanted = edit.inputs.get("permissionsBoundary")
        if wanted:
            self._iam.put_role_permissions_boundary(RoleName=edit.id, PermissionsBoundary=wanted)
        else:
            self._iam.delete_role_permissions_boundary(RoleName=edit.id)

    def _change_tags(self, edit: Edit) -> None:
        removed, wanted = tag_changes(edit)
        if removed:
            self._iam.untag_role(RoleName=edit.id, TagKeys=removed)
        if wanted:
            self._iam.tag_role(RoleName=edit.id, Tags=tag_list(wanted))

    def delete(self, resource_id: str, state: Properties) -> None:
        """DeleteRole."""
        del state
        unless_gone(lambda: self._iam.delete_role(RoleName=resource_id))

    def _read_again(self, name: str, inputs: Properties) -> Properties:
        return read_back(self.read(name, inputs), f"role {name}")


class RolePolicy(_Documented):
    """An inline policy of a role. Its id is `ROLE:NAME`."""

    resource_type = "aws:iam/rolePolicy:RolePolicy"
    document = "policy"
    inputs = frozenset({"name", "role", "policy"})
    replace_on = frozenset({"name", "role"})

    def create(self, inputs: Properties) -> Created:
        """PutRolePolicy."""
        self._put(inputs)
        resource_id = f"{inputs['role']}:{inputs['name']}"
        return Created(id=resource_id, state=read_back(self.read(resource_id, inputs), f"policy {resource_id}"))

    def read(self, resource_id: str, state: Properties) -> Properties | None:
        """GetRolePolicy."""
        role, _, name = resource_id.partition(":")
        if not role or not name:
            raise PluginError(f"{resource_id!r} can't be imported; write ROLE:POLICY")
        live = unless_gone(lambda: self._iam.get_role_policy(RoleName=role, PolicyName=name))
        if live is None:
            return None
        policy = documents.live_text(live["PolicyDocument"], before=state.get("policy"))
        return {"name": name, "role": role, "policy": policy}

    def update(self, edit: Edit) -> Properties:
        """PutRolePolicy replaces the document."""
        self._put(edit.inputs)
        return edit.state | edit.inputs

    def delete(self, resource_id: str, state: Properties) -> None:
        """DeleteRolePolicy."""
        del state
        role, _, name = resource_id.partition(":")
        unless_gone(lambda: self._iam.delete_role_policy(RoleName=role, PolicyName=name))

    def _put(self, inputs: Properties) -> None:
        with aws_errors():
            self._iam.put_role_policy(
                RoleName=inputs["role"], PolicyName=inputs["name"], PolicyDocument=inputs["policy"]
            )
