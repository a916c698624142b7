"""The service account that the function impersonates: made here, keyless, with exactly what a query needs.

Three grants lead to rows. Two stand here: who may become this account, and where it may start jobs. The third, which
table it may read, stands with the table. Each is a single member: the authoritative kinds of IAM resource would take
other people's access away.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import pulumi
import pulumi_gcp as gcp


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReaderAccountArgs:
    """What the account is made from.

    Args:
        project: Id of the project that holds the account and pays for its queries.
        account_id: The part of its e-mail before the @.
        principal: The principal set that may impersonate it.
        protected: The account survives a destroy. One made again under the same e-mail is another identity.
    """

    project: str
    account_id: str
    principal: pulumi.Input[str]
    protected: bool


class ReaderAccount(pulumi.ComponentResource):
    """The service account, its one impersonator, and its right to start query jobs.

    Args:
        name: Logical name of the component.
        args: What it is made from.
        google: The provider.
        services: The enabled APIs, which must be on before the first call.
        opts: Options of the component.

    Attributes:
        email: The account's e-mail address.
        member: The account as a member of a policy.
        grants: The two bindings, for whatever must not start before they exist.
    """

    email: pulumi.Output[str]
    member: pulumi.Output[str]
    grants: list[pulumi.Resource]

    def __init__(
        self,
        name: str,
        args: ReaderAccountArgs,
        *,
        google: gcp.Provider,
        services: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("keyless:infra:ReaderAccount", name, None, opts)
        child = pulumi.ResourceOptions(parent=self, provider=google, depends_on=list(services))
        account = gcp.serviceaccount.Account(
            "reader-account",
            account_id=args.account_id,
            display_name="BigQuery reader",
            description="Impersonated by one AWS Lambda function. It has no key, and needs none.",
            deletion_policy="PREVENT" if args.protected else "DELETE",
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(protect=args.protected)),
        )
        may_impersonate = gcp.serviceaccount.IAMMember(
            "may-impersonate",
            service_account_id=account.name,
            role="roles/iam.workloadIdentityUser",
            member=args.principal,
            opts=child,
        )
        may_start_jobs = gcp.projects.IAMMember(
            "may-start-jobs",
            project=args.project,
            role="roles/bigquery.jobUser",
            member=account.member,
            opts=child,
        )
        self.email = account.email
        self.member = account.member
        self.grants = [may_impersonate, may_start_jobs]
        self.register_outputs({"email": self.email})
