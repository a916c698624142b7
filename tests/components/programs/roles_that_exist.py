"""A program of a user's own: two roles that exist, each with its own way to its own tables."""

import pulumi

from keyless_bigquery.components.clouds import Clouds
from keyless_bigquery.components.federated_role import FederatedRole
from keyless_bigquery.components.program import running

with running() as settings:
    clouds = Clouds(settings)
    for name, access, table in (
        ("orders", "impersonation", "users"),
        ("audit", "direct", "events"),
    ):
        role = FederatedRole(
            name,
            {
                "role_arn": f"arn:aws:iam::{settings.aws_account_id}:role/service-role/{name.title()}-Role",
                "google_project": settings.google_project,
                "tables": [f"{settings.google_project}.shop.{table}"],
                "access": access,
                "google_universe_domain": settings.google_universe_domain,
                "google_endpoint": settings.google_endpoint,
            },
            pulumi.ResourceOptions(providers=[clouds.google, clouds.aws]),
        )
        pulumi.export(name, role.credential_configuration)
        pulumi.export(f"{name}-principal", role.principal)
