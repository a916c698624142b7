"""Google's APIs, switched on where the chain uses them. They stay on after a destroy: other tenants may use them."""

from __future__ import annotations

import pulumi
import pulumi_gcp as gcp

from keyless_bigquery.components import children, enabling, former_names
from keyless_bigquery.settings import apis
from keyless_bigquery.settings.settings import Settings


class Services(pulumi.ComponentResource):
    """The APIs of every project of the stack.

    Attributes:
        callers: Options of components that call one of the APIs: what is in them is made when all are on, and take
            calls.
    """

    callers: pulumi.ResourceOptions

    def __init__(
        self,
        names: children.Names,
        settings: Settings,
        *,
        google: pulumi.ProviderResource | None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        waiting = enabling.waiting_for_apis(google, names)
        super().__init__(
            "keyless:infra:Services", names.group("services"), None, pulumi.ResourceOptions.merge(opts, waiting)
        )
        child = children.options(self, google)
        enabled = [
            gcp.projects.Service(
                names(f"enable-{service}{'' if project == settings.google_project else f'-in-{project}'}"),
                project=project,
                service=f"{service}.googleapis.com",
                disable_on_destroy=False,
                opts=pulumi.ResourceOptions.merge(child, former_names.of_service()),
            )
            for project, services in apis.needed(settings).items()
            for service in services
        ]
        # A component's own dependencies are not those of what is in it.
        on_these = pulumi.ResourceOptions(depends_on=[*enabled])
        after = children.also(lambda args: on_these if args.type_.startswith("gcp:") else None)
        self.callers = pulumi.ResourceOptions.merge(waiting, after)
        self.register_outputs({})
