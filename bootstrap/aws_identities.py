"""The AWS side: GitHub's OIDC provider, a role that looks, a role that deploys, and the boundary of what it deploys."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from bootstrap import aws_policies
from bootstrap.settings import Settings
from bootstrap.subjects import ISSUER, deploying, previewing

_LONGEST_SECONDS = 3600
"""No job of the workflows takes longer, and AWS takes no less."""


class AwsIdentities(pulumi.ComponentResource):
    """Two roles that GitHub's jobs take on by a token of theirs, for an hour."""

    preview_role_arn: pulumi.Output[str]
    deploy_role_arn: pulumi.Output[str]
    boundary_arn: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        settings: Settings,
        *,
        provider: aws.Provider,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("keyless:ci:AwsIdentities", name, None, opts)
        self._child = pulumi.ResourceOptions(parent=self, provider=provider)
        trusted: list[pulumi.Resource] = []
        if settings.own_github_provider:
            trusted.append(
                aws.iam.OpenIdConnectProvider(
                    "github",
                    url=ISSUER,
                    client_id_lists=[aws_policies.AUDIENCE],
                    # Every repository of the account may lean on it.
                    opts=pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(protect=True)),
                )
            )
        limit = aws.iam.Policy(
            "function-boundary",
            name=aws_policies.boundary_name(settings),
            description="The most that a function's role of this environment can do.",
            policy=aws_policies.boundary(settings),
            opts=self._child,
        )
        repository, environment = settings.github, settings.environment
        preview = self._role(settings, "preview", aws_policies.trust(settings, previewing(repository)), trusted)
        deploy = self._role(
            settings, "deploy", aws_policies.trust(settings, [deploying(repository, environment)]), trusted
        )
        self._policy(preview, "preview", aws_policies.previewing(settings))
        self._policy(deploy, "deploy", aws_policies.deploying(settings))
        self.preview_role_arn, self.deploy_role_arn, self.boundary_arn = preview.arn, deploy.arn, limit.arn
        self.register_outputs({})

    def _role(self, settings: Settings, access: str, trust: str, trusted: list[pulumi.Resource]) -> aws.iam.Role:
        return aws.iam.Role(
            f"{access}-role",
            name=f"ci-{settings.name_prefix}-{access}",
            description=f"GitHub's workflows of {settings.github.name}: {access} of {settings.environment}.",
            assume_role_policy=trust,
            max_session_duration=_LONGEST_SECONDS,
            opts=pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(depends_on=trusted)),
        )

    def _policy(self, role: aws.iam.Role, access: str, document: str) -> None:
        aws.iam.RolePolicy(f"may-{access}", name=access, role=role.name, policy=document, opts=self._child)
