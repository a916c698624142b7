"""The role that is a function's identity, which is what Google trusts: so it is one function's own.

AWS lets any function run as it whose deployer may pass the role; ``iam:PassRole`` is what to guard.
"""

from __future__ import annotations

import dataclasses

import pulumi
import pulumi_aws as aws

from infra import children, role_policies


@dataclasses.dataclass(frozen=True, kw_only=True)
class ExecutionRoleArgs:
    """What the role is made from.

    Args:
        role_name: Its name, which the provider's condition and the binding name.
        log_group_arn: The one log group that it may write to.
        function_arn: ARN of the one function that runs as it.
        in_network: The function is in a network, so the Lambda service manages its interfaces as this role.
        kms_key_arn: The key that encrypts the function's environment; ``None``: AWS's own.
        permissions_boundary_arn: The policy that bounds what it can be allowed; ``None``: none does. Who deploys may
            not be able to make a role without.
        suffix: What the logical names end in, so that each reader has its own.
    """

    role_name: str
    log_group_arn: pulumi.Input[str]
    function_arn: str
    in_network: bool
    kms_key_arn: str | None
    permissions_boundary_arn: str | None
    suffix: str


class ExecutionRole(pulumi.ComponentResource):
    """The role and its policies.

    Attributes:
        arn: The role's ARN, as IAM knows it.
        policies: What it may do; the function waits for these.
    """

    arn: pulumi.Output[str]
    policies: list[pulumi.Resource]

    def __init__(
        self,
        name: str,
        args: ExecutionRoleArgs,
        *,
        provider: aws.Provider,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("keyless:infra:ExecutionRole", name, None, opts)
        child = children.options(self, provider)
        role = aws.iam.Role(
            f"execution-role{args.suffix}",
            name=args.role_name,
            description="Identity of one Lambda function; Google lets it read one BigQuery table.",
            assume_role_policy=role_policies.lambda_only(),
            permissions_boundary=args.permissions_boundary_arn,
            opts=child,
        )
        documents: dict[str, pulumi.Input[str]] = {
            "write-own-log": pulumi.Output.from_input(args.log_group_arn).apply(role_policies.own_log_only)
        }
        if args.in_network:
            documents["find-subnets"] = role_policies.find_subnets()
            documents["leave-network-to-lambda"] = role_policies.no_network_changes_by_code(args.function_arn)
        if args.kms_key_arn is not None:
            documents["read-own-environment"] = role_policies.decrypt_with(args.kms_key_arn)
        self.arn = role.arn
        self.policies = [
            aws.iam.RolePolicy(f"may-{name}{args.suffix}", name=name, role=role.name, policy=document, opts=child)
            for name, document in documents.items()
        ]
        if args.in_network:
            self.policies.append(
                aws.iam.RolePolicyAttachment(
                    f"may-use-network{args.suffix}",
                    role=role.name,
                    policy_arn=role_policies.NETWORK_POLICY_ARN,
                    opts=child,
                )
            )
        self.register_outputs({"arn": self.arn})
