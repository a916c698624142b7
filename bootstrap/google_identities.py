"""The Google side: a pool that believes GitHub's tokens of one repository, and what two kinds of its jobs may do."""

from __future__ import annotations

import pulumi
import pulumi_gcp as gcp

from bootstrap import google_roles, google_trust
from bootstrap.google_roles import Grant
from bootstrap.settings import Settings
from bootstrap.subjects import ISSUER, deploying
from keyless_bigquery.settings.apis import needed_by_workflows


class GoogleIdentities(pulumi.ComponentResource):
    """Roles for GitHub's jobs themselves, without a service account between."""

    provider_name: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        settings: Settings,
        *,
        provider: gcp.Provider,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("keyless:ci:GoogleIdentities", name, None, opts)
        self._child = pulumi.ResourceOptions(parent=self, provider=provider)
        enabled = [
            gcp.projects.Service(
                f"enable-{api}",
                project=project,
                service=f"{api}.googleapis.com",
                disable_on_destroy=False,
                opts=self._child,
            )
            for project, apis in needed_by_workflows(
                settings.identity_project, state=settings.state.google_apis
            ).items()
            for api in apis
        ]
        # Google keeps a deleted pool's id taken for 30 days, and without it no workflow gets in.
        kept = pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(protect=True, depends_on=enabled))
        pool = gcp.iam.WorkloadIdentityPool(
            "github-pool",
            project=settings.identity_project,
            workload_identity_pool_id=settings.pool_id,
            display_name="GitHub workflows",
            description=f"Jobs of one repository that preview or deploy {settings.environment}.",
            opts=kept,
        )
        trusted = gcp.iam.WorkloadIdentityPoolProvider(
            "github-provider",
            project=settings.identity_project,
            workload_identity_pool_id=pool.workload_identity_pool_id,
            workload_identity_pool_provider_id="github",
            display_name="GitHub",
            description="Admits one repository by its number: pull requests and main.",
            oidc=gcp.iam.WorkloadIdentityPoolProviderOidcArgs(issuer_uri=ISSUER),
            attribute_mapping=google_trust.attribute_mapping(),
            attribute_condition=google_trust.attribute_condition(settings.github),
            opts=kept,
        )
        admitted = pool.name.apply(lambda found: google_trust.everybody_admitted(found, settings.github))
        subject = deploying(settings.github, settings.environment)
        deployer = pool.name.apply(lambda found: google_trust.one_subject(found, subject))
        self._grant("preview", google_roles.previewing(settings), admitted)
        self._grant("deploy", google_roles.deploying(settings), deployer)
        self._state(settings, admitted, deployer)
        self.provider_name = trusted.name
        self.register_outputs({})

    def _grant(self, access: str, grants: list[Grant], member: pulumi.Input[str]) -> None:
        for grant in grants:
            limited = (
                None
                if grant.condition is None
                else gcp.projects.IAMMemberConditionArgs(title="only-what-a-stack-grants", expression=grant.condition)
            )
            gcp.projects.IAMMember(
                f"{access}-{grant.name}",
                project=grant.project,
                role=grant.role,
                member=member,
                condition=limited,
                opts=self._child,
            )

    def _state(self, settings: Settings, admitted: pulumi.Input[str], deployer: pulumi.Input[str]) -> None:
        """What reads the state and what keeps it, where it is on this side."""
        state = settings.state
        if state.google_bucket is not None:
            for access, member, role in (
                ("preview", admitted, "roles/storage.objectViewer"),
                ("deploy", deployer, "roles/storage.objectUser"),
            ):
                gcp.storage.BucketIAMMember(
                    f"{access}-state", bucket=state.google_bucket, role=role, member=member, opts=self._child
                )
        if state.google_key is not None:
            gcp.kms.CryptoKeyIAMMember(
                "read-stack-key",
                crypto_key_id=state.google_key,
                role="roles/cloudkms.cryptoKeyDecrypter",
                member=admitted,
                opts=self._child,
            )
