"""The program: settings → identities in both clouds → GitHub's variables."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws
import pulumi_gcp as gcp

from bootstrap import variables
from bootstrap.aws_identities import AwsIdentities
from bootstrap.google_identities import GoogleIdentities
from bootstrap.settings import Settings
from keyless_bigquery.components.enabling import waiting_for_apis
from keyless_bigquery.components.program import configured, plain_errors


def main() -> None:
    """Registers everything of one environment.

    Raises:
        pulumi.RunError: The settings can't be used; nothing is registered then.
    """
    with plain_errors():
        settings = Settings.read(configured(), stack=pulumi.get_stack())

    provider = gcp.Provider("google", project=settings.identity_project, add_pulumi_attribution_label=False)
    google = GoogleIdentities("google-identities", settings, provider=provider, opts=waiting_for_apis(provider))
    amazon = AwsIdentities(
        "aws-identities",
        settings,
        provider=aws.Provider("aws", region=settings.aws_region, allowed_account_ids=[settings.aws_account_id]),
    )

    known = pulumi.Output.all(
        **{
            variables.BACKEND_URL: settings.state.backend_url,
            variables.AWS_REGION: settings.aws_region,
            variables.GOOGLE_PROVIDER: google.provider_name,
            variables.AWS_PREVIEW_ROLE: amazon.preview_role_arn,
            variables.AWS_DEPLOY_ROLE: amazon.deploy_role_arn,
        }
    )

    pulumi.export(
        "repository_variables",
        known.apply(
            lambda values: variables.as_lines(
                {variables.for_environment(settings.environment, name): values[name] for name in variables.OF_A_PREVIEW}
            )
        ),
    )
    pulumi.export(
        "environment_variables",
        known.apply(lambda values: variables.as_lines({name: values[name] for name in variables.OF_A_DEPLOYMENT})),
    )
    pulumi.export("permissions_boundary_arn", amazon.boundary_arn)
