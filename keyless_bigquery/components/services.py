"""Google's APIs, switched on where the chain uses them. They stay on after a destroy: other tenants may use them."""

from __future__ import annotations

import pulumi
import pulumi_gcp as gcp

from keyless_bigquery.components import children, enabling, former_names
from keyless_bigquery.settings import apis
from keyless_bigquery.settings.settings import Settings


class Services(pulumi.ComponentResource):
    """The APIs of every project of the stack.

    Args:
        name: Logical name of the component.
        settings: What is used, and in which projects. The one that pays for queries has the plain logical names.
        google: The provider.
        opts: Options of the component.

    Attributes:
        callers: Options of components that call one of the APIs: what is in them is made when all are on, and take
            calls.
    """

    callers: pulumi.ResourceOptions

    def __init__(
        self, name: str, settings: Settings, *, google: gcp.Provider, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        suffix = children.suffix(name, "services")
        waiting = enabling.waiting_for_apis(google, suffix=suffix)
        super().__init__("keyless:infra:Services", name, None, pulumi.ResourceOptions.merge(opts, waiting))
        child = children.options(self, google)
        enabled = [
            gcp.projects.Service(
                f"enable-{service}{'' if project == settings.google_project else f'-in-{project}'}{suffix}",
                project=project,
                service=f"{service}.googleapis.com",
                disable_on_destroy=False,
                opts=pulumi.ResourceOptions.merge(child, former_names.of_service()),
            )
            for project, services in apis.needed(settings).items()
            for service in services
        ]
        self.callers = pulumi.ResourceOptions.merge(waiting, _after(enabled))
        self.register_outputs({})


def _after(enabled: list[gcp.projects.Service]) -> pulumi.ResourceOptions:
    """Options for components whose children depend on resources, as a component's own dependencies are not theirs."""
    on_these = pulumi.ResourceOptions(depends_on=[*enabled])

    def with_them(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if not args.type_.startswith("gcp:"):
            return None
        return pulumi.ResourceTransformationResult(args.props, pulumi.ResourceOptions.merge(args.opts, on_these))

    return pulumi.ResourceOptions(transformations=[with_them])
