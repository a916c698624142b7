"""What stands between a reader's role and its table: a service account to impersonate, or nothing.

Three grants lead to rows. Two stand here: who may become the account, and who may start jobs. The third, who may read
which table, stands with the table. Each is a single member: the authoritative kinds of IAM resource would take other
people's access away.
"""

from __future__ import annotations

import pulumi
import pulumi_gcp as gcp

from keyless_bigquery.components import children
from keyless_bigquery.settings.reader_settings import ReaderSettings
from keyless_bigquery.settings.settings import Settings


class ReaderAccess(pulumi.ComponentResource):
    """The right to start query jobs, and with impersonation the account that has it and its one impersonator.

    Attributes:
        email: The account's e-mail address; ``None`` for direct access.
        member: Who reads, as a member of a policy.
        grants: The bindings, for whatever must not start before they exist.
    """

    email: pulumi.Output[str] | None
    member: pulumi.Output[str]
    grants: list[pulumi.Resource]

    def __init__(
        self,
        name: str,
        settings: Settings,
        reader: ReaderSettings,
        *,
        principal: pulumi.Output[str],
        google: gcp.Provider,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("keyless:infra:ReaderAccess", name, None, opts)
        suffix, child = children.suffix(name, "reader-access"), children.options(self, google)
        self.email, self.member, self.grants = None, principal, []
        if settings.access == "impersonation":
            account = gcp.serviceaccount.Account(
                f"reader-account{suffix}",
                project=settings.google_project,
                account_id=reader.service_account_id,
                display_name="BigQuery reader",
                description="Impersonated by one AWS Lambda function. It has no key, and needs none.",
                # One made again under the same e-mail is another identity.
                deletion_policy="PREVENT" if settings.deletion_protection else "DELETE",
                opts=children.options(self, google, protect=settings.deletion_protection),
            )
            may_impersonate = gcp.serviceaccount.IAMMember(
                f"may-impersonate{suffix}",
                service_account_id=account.name,
                role="roles/iam.workloadIdentityUser",
                member=principal,
                opts=child,
            )
            self.email, self.member = account.email, account.member
            self.grants.append(may_impersonate)
        may_start_jobs = gcp.projects.IAMMember(
            f"may-start-jobs{suffix}",
            project=settings.google_project,
            role="roles/bigquery.jobUser",
            member=self.member,
            opts=child,
        )
        self.grants.append(may_start_jobs)
        self.register_outputs({"member": self.member})
