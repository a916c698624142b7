"""What stands between a reader's role and its table: a service account to impersonate, or nothing.

Three grants lead to rows. Two stand here: who may become the account, and who may start jobs. The third, who may read
which table, stands with the table. Each is a single member: the authoritative kinds of IAM resource would take other
people's access away.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import pulumi
import pulumi_gcp as gcp

from infra import children


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReaderAccessArgs:
    """What the access is made from.

    Args:
        project: Id of the project that holds the account and pays for its queries.
        principal: The principal set of the reader's role.
        account_id: The part of the service account's e-mail before the @; ``None`` for direct access, in which the
            role itself gets the account's rights.
        suffix: What the logical names end in, so that each reader has its own.
        protected: The account survives a destroy. One made again under the same e-mail is another identity.
    """

    project: str
    principal: pulumi.Input[str]
    account_id: str | None
    suffix: str
    protected: bool


class ReaderAccess(pulumi.ComponentResource):
    """The right to start query jobs, and with impersonation the account that has it and its one impersonator.

    Args:
        name: Logical name of the component.
        args: What it is made from.
        google: The provider.
        services: The enabled APIs, which must be on before the first call.
        opts: Options of the component.

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
        args: ReaderAccessArgs,
        *,
        google: gcp.Provider,
        services: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("keyless:infra:ReaderAccess", name, None, opts)
        child = children.options(self, google, depends_on=services)
        self.email, self.member, self.grants = None, pulumi.Output.from_input(args.principal), []
        if args.account_id is not None:
            self._impersonate(args, args.account_id, google, services)
        self.grants.append(
            gcp.projects.IAMMember(
                f"may-start-jobs{args.suffix}",
                project=args.project,
                role="roles/bigquery.jobUser",
                member=self.member,
                opts=child,
            )
        )
        self.register_outputs({"member": self.member})

    def _impersonate(
        self, args: ReaderAccessArgs, account_id: str, google: gcp.Provider, services: Sequence[pulumi.Resource]
    ) -> None:
        account = gcp.serviceaccount.Account(
            f"reader-account{args.suffix}",
            project=args.project,
            account_id=account_id,
            display_name="BigQuery reader",
            description="Impersonated by one AWS Lambda function. It has no key, and needs none.",
            deletion_policy="PREVENT" if args.protected else "DELETE",
            opts=children.options(self, google, depends_on=services, protect=args.protected),
        )
        may_impersonate = gcp.serviceaccount.IAMMember(
            f"may-impersonate{args.suffix}",
            service_account_id=account.name,
            role="roles/iam.workloadIdentityUser",
            member=args.principal,
            opts=children.options(self, google, depends_on=services),
        )
        self.email, self.member = account.email, account.member
        self.grants.append(may_impersonate)
