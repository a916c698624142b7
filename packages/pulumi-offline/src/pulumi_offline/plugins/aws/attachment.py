"""Managed policies attached to a role.

Requests: https://docs.aws.amazon.com/IAM/latest/APIReference/
"""

from __future__ import annotations

from pulumi_offline.plugins.aws.base import AwsKind
from pulumi_offline.plugins.kind import Inputs, named
from pulumi_offline.plugins.values import Properties


class RolePolicyAttachment(AwsKind):
    """One managed policy on one role. Its id is `ROLE/POLICY_ARN`."""

    resource_type = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
    service = "iam"
    inputs = Inputs(replace=named("role policyArn"))
    deletes_first = True
    import_id = (r"(?P<role>[^/]+)/(?P<policyArn>arn:.+)", "ROLE/POLICY_ARN")

    def make(self, inputs: Properties) -> str:
        """AttachRolePolicy."""
        self._ask("attach_role_policy", RoleName=inputs["role"], PolicyArn=inputs["policyArn"])
        return f"{inputs['role']}/{inputs['policyArn']}"

    def read(self, resource_id: str, state: Properties) -> Properties | None:
        """ListAttachedRolePolicies."""
        del state
        known = self._imported(resource_id)
        attached = self._pages("list_attached_role_policies", "AttachedPolicies", RoleName=known["role"])
        return known if known["policyArn"] in [one["PolicyArn"] for one in attached] else None

    def remove(self, resource_id: str, state: Properties) -> None:
        """DetachRolePolicy."""
        del state
        known = self._imported(resource_id)
        self._find("detach_role_policy", RoleName=known["role"], PolicyArn=known["policyArn"])
