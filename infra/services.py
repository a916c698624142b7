"""Google's APIs, switched on where the chain uses them. They stay on after a destroy: other tenants may use them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import pulumi
import pulumi_gcp as gcp

from infra import children


@dataclasses.dataclass(frozen=True, kw_only=True)
class ServicesArgs:
    """Which APIs are switched on.

    Args:
        project: It pays for queries, and its APIs have the plain logical names.
        apis: What :func:`infra.apis.needed` says, by project id.
    """

    project: str
    apis: Mapping[str, Sequence[str]]


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
                opts=children.options(self, google),
            )
            for project, services in args.apis.items()
            for service in services
        ]
        self.register_outputs({})
