"""Serves the components to programs in other languages: a Pulumi provider with their schema."""

from __future__ import annotations

import importlib.metadata

from pulumi.provider.experimental import component_provider_host

from keyless_bigquery.components.credential_layer import CredentialLayer
from keyless_bigquery.components.federated_role import FederatedRole

NAME = "keyless-bigquery"
COMPONENTS = (FederatedRole, CredentialLayer)


def main() -> None:
    """Serves until the engine ends it. Its arguments are the engine's."""
    component_provider_host(
        components=list(COMPONENTS), name=NAME, version=importlib.metadata.version("keyless-bigquery")
    )
