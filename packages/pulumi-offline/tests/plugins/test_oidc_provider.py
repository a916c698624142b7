"""An OIDC provider under the real engine: made, changed by its parts, looked up, and of one kind only."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_gcp as gcp
import pytest

from federation_emulator.client.issuer import Issuer
from tests.plugins.recorded import Recorded
from tests.plugins.stacks import Deployment, Program, google_provider

KEYS = Issuer("https://issuer.example.com", algorithms=("ES256",)).key_set()


def program(google: Recorded, *, looks: bool = False, **settings: Any) -> Program:
    """A pool and its OIDC provider; with ``looks``, the provider is looked up first."""

    def made() -> None:
        if looks:
            found = gcp.iam.get_workload_identity_pool_provider(
                workload_identity_pool_id="pool-oidc",
                workload_identity_pool_provider_id="tokens",
                opts=pulumi.InvokeOptions(provider=google_provider(google.url, "looks")),
            )
            issuer = found.oidcs[0]
            pulumi.export("trusts", [issuer.issuer_uri, issuer.allowed_audiences, issuer.jwks_json, found.aws])
        options = pulumi.ResourceOptions(provider=google_provider(google.url))
        enabled = gcp.projects.Service("iam", service="iam.googleapis.com", disable_on_destroy=False, opts=options)
        pool = gcp.iam.WorkloadIdentityPool(
            "pool",
            workload_identity_pool_id="pool-oidc",
            opts=pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(depends_on=[enabled])),
        )
        gcp.iam.WorkloadIdentityPoolProvider(
            "provider",
            workload_identity_pool_id=pool.workload_identity_pool_id,
            workload_identity_pool_provider_id="tokens",
            attribute_mapping={"google.subject": "assertion.sub"},
            opts=options,
            **settings,
        )

    return made


def oidc(**fields: Any) -> gcp.iam.WorkloadIdentityPoolProviderOidcArgs:
    return gcp.iam.WorkloadIdentityPoolProviderOidcArgs(issuer_uri="https://issuer.example.com", **fields)


@pytest.mark.soak
def test_an_oidc_provider_is_made_changed_and_looked_up(deployment: Deployment, google: Recorded) -> None:
    first, second = oidc(jwks_json=KEYS), oidc(jwks_json=KEYS, allowed_audiences=["one", "two"])
    deployment.up(program(google, oidc=first))
    [(_, body)] = google.asked("POST", "/pool-oidc/providers")
    assert body["oidc"] == {"issuerUri": "https://issuer.example.com", "jwksJson": KEYS}
    assert deployment.up(program(google, oidc=second)) == {"same": 4, "update": 1}
    [(query, body)] = google.asked("PATCH", "/providers/tokens")
    # As the official plugin does: the whole block, by the names that it has in the proto file.
    assert query["updateMask"] == ["oidc.allowed_audiences,oidc.issuer_uri,oidc.jwks_json"]
    assert body["oidc"] == {
        "issuerUri": "https://issuer.example.com",
        "jwksJson": KEYS,
        "allowedAudiences": ["one", "two"],
    }
    # Drift is looked for too, and what is empty is not there.
    assert deployment.up(program(google, oidc=oidc(allowed_audiences=[])), refresh=True) == {"same": 4, "update": 1}
    assert deployment.up(program(google, looks=True, oidc=oidc(jwks_json="")), refresh=True) == {"same": 5, "create": 1}
    assert deployment.output("trusts") == ["https://issuer.example.com", [], "", []]
    both: dict[str, Any] = {
        "oidc": oidc(),
        "aws": gcp.iam.WorkloadIdentityPoolProviderAwsArgs(account_id="210987654321"),
    }
    for wrong in ({}, both):
        with pytest.raises(Exception, match="one of aws and oidc must be set, and not both"):
            deployment.preview(program(google, **wrong))
