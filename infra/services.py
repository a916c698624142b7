"""Google's APIs, switched on where the chain uses them. They stay on after a destroy: other tenants may use them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import pulumi
import pulumi_gcp as gcp


@dataclasses.dataclass(frozen=True, kw_only=True)
class ServicesArgs:
    """Which projects play which part. One project may play them all.

    Args:
        project: It pays for queries, and holds the service accounts.
        pool_project: It holds the pool; ``None``: the pool is somebody else's, and so are its project's APIs.
        data_project: It holds the dataset; ``None``: the table is somebody else's.
        impersonation: The readers impersonate service accounts.
    """

    project: str
    pool_project: str | None
    data_project: str | None
    impersonation: bool

    def wanted(self) -> Mapping[str, Sequence[str]]:
        """The APIs that each project needs, by project id; none twice.

        ``serviceusage.googleapis.com`` is not among them: it must be on already, since it can't enable itself.
        """
        found: dict[str, dict[str, None]] = {}
        parts = (
            (self.project, ("iam", "cloudresourcemanager")),
            (self.project, ("iamcredentials",) if self.impersonation else ()),
            (self.pool_project, ("iam", "sts")),
            (self.project, ("bigquery",)),
            (self.data_project, ("bigquery",)),
        )
        for project, services in parts:
            if project is not None:
                found.setdefault(project, {}).update(dict.fromkeys(services))
        return {project: tuple(services) for project, services in found.items()}


class Services(pulumi.ComponentResource):
    """The APIs of every project of the stack.

    Attributes:
        enabled: One resource for each; whatever calls one of them depends on these.
    """

    enabled: list[pulumi.Resource]

    def __init__(
        self, name: str, args: ServicesArgs, *, google: gcp.Provider, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("keyless:infra:Services", name, None, opts)
        self.enabled = [
            gcp.projects.Service(
                f"enable-{service}" if project == args.project else f"enable-{service}-in-{project}",
                project=project,
                service=f"{service}.googleapis.com",
                disable_on_destroy=False,
                opts=pulumi.ResourceOptions(parent=self, provider=google),
            )
            for project, services in args.wanted().items()
            for service in services
        ]
        self.register_outputs({})
