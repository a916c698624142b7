"""Google's APIs, switched on where the chain uses them. They stay on after a destroy: other tenants may use them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import pulumi
import pulumi_gcp as gcp
from pulumi.runtime.invoke import invoke_async

from infra.propagation import Propagation

_PROJECTS = "cloudresourcemanager.googleapis.com"
_QUESTIONS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "bigquery.googleapis.com": ("gcp:bigquery/getDataset:getDataset", {"datasetId": "is_the_api_on"}),
    _PROJECTS: ("gcp:organizations/getProject:getProject", {}),
    "iam.googleapis.com": (
        "gcp:iam/getWorkloadIdentityPool:getWorkloadIdentityPool",
        {"workloadIdentityPoolId": "is-the-api-on"},
    ),
}
"""What an API is asked, of the APIs that the stack's resources call. That there is no such thing, or that the deployer
may not read it, is an answer too. ``sts`` and ``iamcredentials`` have nothing that a provider could ask: the function
calls them, and ``make verify`` waits for that."""


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
        enabled = _enabled(propagation, google)
        self.enabled = [
            gcp.projects.Service(
                f"enable-{service}" if project == args.project else f"enable-{service}-in-{project}",
                project=project,
                service=f"{service}.googleapis.com",
                disable_on_destroy=False,
                opts=pulumi.ResourceOptions(parent=self, provider=google, hooks=enabled),
            )
            for project, services in args.apis.items()
            for service in services
        ]
        self.register_outputs({})


def _enabled(propagation: Propagation, google: gcp.Provider) -> pulumi.ResourceHookBinding:
    """Waits after each enabling, before what depends on it. A service in the stack's state is not enabled again."""

    async def wait(args: pulumi.ResourceHookArgs) -> None:
        inputs = args.new_inputs or {}
        api, project = inputs["service"], inputs["project"]
        propagation.enabled(api)
        while (refused := await _asked(api, project, google)) and await propagation.wait(refused, creates=False):
            pass

    return pulumi.ResourceHookBinding(after_create=[pulumi.ResourceHook("api-was-enabled", wait)])


async def _asked(api: str, project: str, google: gcp.Provider) -> str:
    """Asks an API for something; the error's text, or nothing."""
    if api not in _QUESTIONS:
        return ""
    function, arguments = _QUESTIONS[api]
    key = "projectId" if api == _PROJECTS else "project"
    try:
        await invoke_async(function, {key: project, **arguments}, pulumi.InvokeOptions(provider=google))
    except Exception as error:  # noqa: BLE001 (the SDK raises nothing narrower)
        return str(error)
    return ""


def _waiting(propagation: Propagation) -> pulumi.ResourceOptions:
    """An API that has answered may refuse the next call: each of Google's servers learns of the enabling on its own."""

    async def retry(args: pulumi.ErrorHookArgs) -> bool:
        return await propagation.wait(args.errors[0], creates=args.failed_operation == "create")

    binding = pulumi.ResourceHookBinding(on_error=[pulumi.ErrorHook("wait-for-enabled-api", retry)])

    def with_hook(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if not args.type_.startswith("gcp:"):
            return None
        merged = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(hooks=binding))
        return pulumi.ResourceTransformationResult(args.props, merged)

    return pulumi.ResourceOptions(transformations=[with_hook])
