"""The two providers: explicit, made from the settings, never ambient.

Credentials are not among the settings: both providers take the deployer's own from the environment, so none is ever
written to the stack's state.
"""

from __future__ import annotations

import dataclasses

import pulumi
import pulumi_aws as aws
import pulumi_gcp as gcp

from infra.trust import GoogleEndpoints

_AWS_SERVICES = ("cloudwatchevents", "iam", "lambda_", "logs", "sts")
_PUBLIC_UNIVERSE = "googleapis.com"


@dataclasses.dataclass(frozen=True, kw_only=True)
class CloudsArgs:
    """Where the stack is deployed.

    Args:
        google_project: Project id for every Google resource.
        google_endpoints: Where Google's APIs are for the deployer.
        aws_account_id: The provider refuses to work in any other account.
        aws_region: Region of the function.
        aws_endpoint: Base URL that serves every AWS API; ``None``: AWS's public hosts.
    """

    google_project: str
    google_endpoints: GoogleEndpoints
    aws_account_id: str
    aws_region: str
    aws_endpoint: str | None


class Clouds(pulumi.ComponentResource):
    """One provider for each cloud."""

    google: gcp.Provider
    aws: aws.Provider

    def __init__(self, name: str, args: CloudsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("keyless:infra:Clouds", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.google = gcp.Provider(
            "google",
            project=args.google_project,
            # No label that this program did not ask for: a provider upgrade must not show up as a change of the data.
            add_pulumi_attribution_label=False,
            # The provider gathers requests for 3 s before it sends them; the stack has too few for that to pay.
            batching=gcp.ProviderBatchingArgs(enable_batching=True, send_after="100ms"),
            iam_beta_custom_endpoint=_google(args.google_endpoints, "iam", "/v1/"),
            service_usage_custom_endpoint=_google(args.google_endpoints, "serviceusage", "/v1beta1/"),
            resource_manager_custom_endpoint=_google(args.google_endpoints, "cloudresourcemanager", "/v1/"),
            big_query_custom_endpoint=_google(args.google_endpoints, "bigquery", "/bigquery/v2/"),
            cloud_billing_custom_endpoint=_google(args.google_endpoints, "cloudbilling", "/v1/"),
            # The provider refuses credentials of another universe than this one. It also does without its request to
            # openidconnect.googleapis.com, and no API without an endpoint is looked for at a public host.
            universe_domain=_universe(args.google_endpoints),
            opts=child,
        )
        # What the plugin asks before it reads its endpoints: AWS's public STS who the deployer is, and the metadata
        # service of an EC2 instance. With an endpoint it asks neither; the account is compared either way. Source:
        # pulumi-aws, provider/config.go, validateCredentials.
        elsewhere = None if args.aws_endpoint is None else True
        self.aws = aws.Provider(
            "aws",
            region=args.aws_region,
            allowed_account_ids=[args.aws_account_id],
            skip_credentials_validation=elsewhere,
            skip_metadata_api_check=elsewhere,
            endpoints=_aws(args.aws_endpoint),
            opts=child,
        )
        self.register_outputs({})


def _google(endpoints: GoogleEndpoints, service: str, path: str) -> str | None:
    return None if endpoints.base_url is None else endpoints.url(service, path)


def _universe(endpoints: GoogleEndpoints) -> str | None:
    return None if endpoints.universe_domain == _PUBLIC_UNIVERSE else endpoints.universe_domain


def _aws(endpoint: str | None) -> list[aws.ProviderEndpointArgs] | None:
    if endpoint is None:
        return None
    return [aws.ProviderEndpointArgs(**dict.fromkeys(_AWS_SERVICES, endpoint))]
