"""Managed policies attached to a role.

Requests: https://docs.aws.amazon.com/IAM/latest/APIReference/
"""

from __future__ import annotations

from typing import Any

from pulumi_offline.plugins.aws.api import AwsApi, aws_errors, unless_gone
from pulumi_offline.plugins.errors import PluginError, UnsupportedError
from pulumi_offline.plugins.kind import Created, Edit, Kind
from pulumi_offline.plugins.values import Properties


class RolePolicyAttachment(Kind):
    """One managed policy on one role. Its id is `ROLE/POLICY_ARN`."""

    resource_type = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
    inputs = frozenset({"role", "policyArn"})
    replace_on = inputs
    deletes_first = True

    def __init__(self, api: AwsApi) -> None:
        self._api = api

    @property
    def _iam(self) -> Any:  # noqa: ANN401 (botocore makes its clients' methods at run time)
        return self._api.client("iam")

    def create(self, inputs: Properties) -> Created:
        """AttachRolePolicy."""
        with aws_errors():
            self._iam.attach_role_policy(RoleName=inputs["role"], PolicyArn=inputs["policyArn"])
        return Created(id=f"{inputs['role']}/{inputs['policyArn']}", state=dict(inputs))

    def read(self, resource_id: str, state: Properties) -> Properties | None:
        """ListAttachedRolePolicies."""
        del state
        role, policy = _parts(resource_id)
        pages = self._iam.get_paginator("list_attached_role_policies").paginate(RoleName=role)
        attached = unless_gone(lambda: [one["PolicyArn"] for page in pages for one in page["AttachedPolicies"]])
        return {"role": role, "policyArn": policy} if policy in (attached or []) else None

    def update(self, edit: Edit) -> Properties:
        """Never asked for: every input replaces."""
        raise UnsupportedError(f"{self.resource_type} {edit.id!r} can't be changed: {sorted(edit.changes)}")

    def delete(self, resource_id: str, state: Properties) -> None:
        """DetachRolePolicy."""
        del state
        role, policy = _parts(resource_id)
        unless_gone(lambda: self._iam.detach_role_policy(RoleName=role, PolicyArn=policy))


def _parts(resource_id: str) -> tuple[str, str]:
    role, slash, policy = resource_id.partition("/")
    if not role or not slash or not policy.startswith("arn:"):
        raise PluginError(f"{resource_id!r} is not an id of an attached policy; write ROLE/POLICY_ARN")
    return role, policy
