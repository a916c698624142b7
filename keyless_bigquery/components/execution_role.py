"""The role that is a function's identity, which is what Google trusts: so it is one function's own.

AWS lets any function run as it whose deployer may pass the role; ``iam:PassRole`` is what to guard.
"""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from keyless_bigquery.components import children, role_policies
from keyless_bigquery.settings.settings import Settings
from keyless_bigquery.trust.subject_tokens import AWS_OIDC
from keyless_bigquery.trust.trust import TrustChain


class ExecutionRole(pulumi.ComponentResource):
    """The role and its policies."""

    arn: pulumi.Output[str]
    policies: list[pulumi.Resource]

    def __init__(
        self,
        names: children.Names,
        settings: Settings,
        trust: TrustChain,
        *,
        log_group_arn: pulumi.Output[str],
        audience: pulumi.Output[str],
        provider: pulumi.ProviderResource | None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("keyless:infra:ExecutionRole", names.group("identity"), None, opts)
        child = children.options(self, provider)
        role = aws.iam.Role(
            names("execution-role"),
            name=trust.role_name,
            description="Identity of one Lambda function; Google lets it read one BigQuery table.",
            assume_role_policy=role_policies.lambda_only(),
            permissions_boundary=settings.permissions_boundary_arn,
            opts=child,
        )
        documents: dict[str, pulumi.Input[str]] = {"write-own-log": log_group_arn.apply(role_policies.own_log_only)}
        if settings.subnet_ids:
            # The Lambda service manages the function's network interfaces as this role.
            documents["find-subnets"] = role_policies.find_subnets()
            function_arn = trust.function_arn(settings.aws_region)
            documents["leave-network-to-lambda"] = role_policies.no_network_changes_by_code(function_arn)
        if settings.environment_kms_key_arn is not None:
            documents["read-own-environment"] = role_policies.decrypt_with(settings.environment_kms_key_arn)
        if settings.subject_token == AWS_OIDC:
            documents[role_policies.TOKEN_POLICY] = audience.apply(role_policies.token_for_google)
        self.arn = role.arn
        self.policies = [
            aws.iam.RolePolicy(names(f"may-{policy}"), name=policy, role=role.name, policy=document, opts=child)
            for policy, document in documents.items()
        ]
        if settings.subnet_ids:
            self.policies.append(
                aws.iam.RolePolicyAttachment(
                    names("may-use-network"),
                    role=role.name,
                    policy_arn=role_policies.NETWORK_POLICY_ARN,
                    opts=child,
                )
            )
        self.register_outputs({"arn": self.arn})
