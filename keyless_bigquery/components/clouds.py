"""The two providers: explicit, made from the settings, never ambient.

Credentials are not among the settings: both providers take the deployer's own from the environment, so none is ever
written to the stack's state.
"""

from __future__ import annotations

import pulumi
import pulumi_aws as aws
import pulumi_gcp as gcp

from keyless_bigquery.components import children
from keyless_bigquery.settings.settings import Settings
from keyless_bigquery.trust.trust import GoogleEndpoints

_AWS_SERVICES = ("cloudwatchevents", "iam", "lambda_", "logs", "sts")
_PUBLIC_UNIVERSE = "googleapis.com"


class Clouds(pulumi.ComponentResource):
    """One provider for each cloud."""

    google: gcp.Provider
    aws: aws.Provider

    def __init__(
        self,
        settings: Settings,
        names: children.Names = children.PLAIN,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("keyless:infra:Clouds", names("clouds"), None, opts)
        child = pulumi.ResourceOptions(parent=self)
        google = GoogleEndpoints(base_url=settings.google_endpoint, universe_domain=settings.google_universe_domain)
        self.google = gcp.Provider(
            names("google"),
            project=settings.google_project,
            # No label that this program did not ask for: a provider upgrade must not show up as a change of the data.
            add_pulumi_attribution_label=False,
            # The provider gathers requests for 3 s before it sends them; the stack has too few for that to pay.
            batching=gcp.ProviderBatchingArgs(enable_batching=True, send_after="100ms"),
            iam_beta_custom_endpoint=_google(google, "iam", "/v1/"),
            service_usage_custom_endpoint=_google(google, "serviceusage", "/v1beta1/"),
            resource_manager_custom_endpoint=_google(google, "cloudresourcemanager", "/v1/"),
            big_query_custom_endpoint=_google(google, "bigquery", "/bigquery/v2/"),
            cloud_billing_custom_endpoint=_google(google, "cloudbilling", "/v1/"),
            # The provider refuses credentials of another universe than this one. It also does without its request to
            # openidconnect.googleapis.com, and no API without an endpoint is looked for at a public host.
            universe_domain=None if google.universe_domain == _PUBLIC_UNIVERSE else google.universe_domain,
            opts=child,
        )
        # What the plugin asks before it reads its endpoints: AWS's public STS who the deployer is, and the metadata
        # service of an EC2 instance. With an endpoint it asks neither; the account is compared either way. Source:
        # pulumi-aws, provider/config.go, validateCredentials.
        elsewhere = None if settings.aws_endpoint is None else True
        self.aws = aws.Provider(
            names("aws"),
            region=settings.aws_region,
            allowed_account_ids=[settings.aws_account_id],
            skip_credentials_validation=elsewhere,
            skip_metadata_api_check=elsewhere,
            endpoints=_aws(settings.aws_endpoint),
            opts=child,
        )
        self.register_outputs({})


def _google(endpoints: GoogleEndpoints, service: str, path: str) -> str | None:
    return None if endpoints.base_url is None else endpoints.url(service, path)


def _aws(endpoint: str | None) -> list[aws.ProviderEndpointArgs] | None:
    if endpoint is None:
        return None
    return [aws.ProviderEndpointArgs(**dict.fromkeys(_AWS_SERVICES, endpoint))]
