"""What stands between a reader's role and its table: a service account to impersonate, or nothing.

Three grants lead to rows. Two stand here: who may become the account, and who may start jobs. The third, who may read
which table, stands with the table. Each is a single member: the authoritative kinds of IAM resource would take other
people's access away.
"""

from __future__ import annotations

import dataclasses

import pulumi
import pulumi_gcp as gcp

from keyless_bigquery.components import children


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReaderAccessArgs:
    """What a reader's access is made from.

    Args:
        project: Id of the project that pays, and holds the account.
        account_id: The service account's id; ``None``: direct access.
        principal: The principal set that stands for the reader's role.
        protect: Whether the account survives a destroy.
    """

    project: str
    account_id: str | None
    principal: pulumi.Output[str]
    protect: bool = False


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
        names: children.Names,
        args: ReaderAccessArgs,
        *,
        google: pulumi.ProviderResource | None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("keyless:infra:ReaderAccess", names.group("reader-access"), None, opts)
        child = children.options(self, google)
        self.email, self.member, self.grants = None, args.principal, []
        if args.account_id is not None:
            account = gcp.serviceaccount.Account(
                names("reader-account"),
                project=args.project,
                account_id=args.account_id,
                display_name="BigQuery reader",
                description="Impersonated by one AWS Lambda function. It has no key, and needs none.",
                # One made again under the same e-mail is another identity.
                deletion_policy="PREVENT" if args.protect else "DELETE",
                opts=children.options(self, google, protect=args.protect),
            )
            may_impersonate = gcp.serviceaccount.IAMMember(
                names("may-impersonate"),
                service_account_id=account.name,
                role="roles/iam.workloadIdentityUser",
                member=args.principal,
                opts=child,
            )
            self.email, self.member = account.email, account.member
            self.grants.append(may_impersonate)
        may_start_jobs = gcp.projects.IAMMember(
            names("may-start-jobs"),
            project=args.project,
            role="roles/bigquery.jobUser",
            member=self.member,
            opts=child,
        )
        self.grants.append(may_start_jobs)
        self.register_outputs({"member": self.member})
