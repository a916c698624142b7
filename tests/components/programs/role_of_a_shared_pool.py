"""A program of a user's own: a role that exists, admitted by a provider that another team owns."""

import pulumi

from keyless_bigquery.components.clouds import Clouds
from keyless_bigquery.components.federated_role import FederatedRole
from keyless_bigquery.components.program import running

with running() as settings:
    clouds = Clouds(settings)
    role = FederatedRole(
        "orders",
        {
            "role_arn": f"arn:aws:iam::{settings.aws_account_id}:role/Orders-Role",
            "google_project": settings.google_project,
            "tables": [f"{settings.google_project}.shop.users"],
            "provider_name": settings.provider_name or "",
        },
        pulumi.ResourceOptions(providers=[clouds.google, clouds.aws]),
    )
    pulumi.export("audience", role.audience)
    pulumi.export("principal", role.principal)
