"""Google's APIs, switched on where the chain uses them. They stay on after a destroy: other tenants may use them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import pulumi
import pulumi_gcp as gcp

from infra.propagation import Propagation


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
        waiting: Options by which every Google resource in a component waits for an API that this run enabled, and that
            does not take calls yet.
    """

    enabled: list[pulumi.Resource]
    waiting: pulumi.ResourceOptions

    def __init__(
        self, name: str, args: ServicesArgs, *, google: gcp.Provider, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("keyless:infra:Services", name, None, opts)
        propagation = Propagation(report=pulumi.log.info)
        self.waiting = _waiting(propagation)
        noted = _noted(propagation)
        self.enabled = [
            gcp.projects.Service(
                f"enable-{service}" if project == args.project else f"enable-{service}-in-{project}",
                project=project,
                service=f"{service}.googleapis.com",
                disable_on_destroy=False,
                opts=pulumi.ResourceOptions(parent=self, provider=google, hooks=noted),
            )
            for project, services in args.apis.items()
            for service in services
        ]
        self.register_outputs({})


def _noted(propagation: Propagation) -> pulumi.ResourceHookBinding:
    """Notes each API that is enabled. A service that is in the stack's state already is not enabled again."""

    def note(args: pulumi.ResourceHookArgs) -> None:
        if args.new_inputs is not None:
            propagation.enabled(args.new_inputs["service"])

    return pulumi.ResourceHookBinding(after_create=[pulumi.ResourceHook("api-was-enabled", note)])


def _waiting(propagation: Propagation) -> pulumi.ResourceOptions:
    async def retry(args: pulumi.ErrorHookArgs) -> bool:
        return await propagation.wait(args.errors[0], creates=args.failed_operation == "create")

    binding = pulumi.ResourceHookBinding(on_error=[pulumi.ErrorHook("wait-for-enabled-api", retry)])

    def with_hook(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if not args.type_.startswith("gcp:"):
            return None
        merged = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(hooks=binding))
        return pulumi.ResourceTransformationResult(args.props, merged)

    return pulumi.ResourceOptions(transformations=[with_hook])
