"""Every Google resource of a program waits for the APIs that the same run enables (:mod:`.propagation`)."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi

from keyless_bigquery.components import children
from keyless_bigquery.components.hook_calls import ask
from keyless_bigquery.components.propagation import Propagation

_SERVICE = "gcp:projects/service:Service"
_PROJECTS = "cloudresourcemanager.googleapis.com"
_QUESTIONS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "bigquery.googleapis.com": ("gcp:bigquery/getDataset:getDataset", {"datasetId": "is_the_api_on"}),
    _PROJECTS: ("gcp:organizations/getProject:getProject", {}),
    "iam.googleapis.com": (
        "gcp:iam/getWorkloadIdentityPool:getWorkloadIdentityPool",
        {"workloadIdentityPoolId": "is-the-api-on"},
    ),
}
"""What an API is asked after its enabling, of those that resources call. That there is no such thing, or that the
deployer may not read it, is an answer too. ``sts`` and ``iamcredentials`` have nothing that a provider could ask: the
function calls them, and ``keyless verify`` waits for that."""


def waiting_for_apis(
    google: pulumi.ProviderResource | None, names: children.Names = children.PLAIN
) -> pulumi.ResourceOptions:
    """Options for components: what is in them is made only when the APIs that this run enables take calls.

    After an API was enabled, it is asked until it answers, before anything that depends on it. It may refuse the next
    call all the same, since Google's servers learn of the enabling one by one; then that call is made again.
    """
    propagation = Propagation(report=pulumi.log.info)

    async def wait(args: pulumi.ResourceHookArgs) -> None:
        inputs = args.new_inputs or {}
        api, project = inputs["service"], inputs["project"]
        propagation.enabled(api)
        while (refused := await _asked(api, project, google)) and await propagation.wait(refused, creates=False):
            pass

    async def retry(args: pulumi.ErrorHookArgs) -> bool:
        return await propagation.wait(args.errors[0], creates=args.failed_operation == "create")

    asks = pulumi.ResourceHook(names("ask-enabled-api"), wait)
    retries = pulumi.ErrorHook(names("wait-for-enabled-api"), retry)

    def hooks(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceOptions | None:
        if not args.type_.startswith("gcp:"):
            return None
        # A service that is in the stack's state already is not enabled, and so not asked.
        after = [asks] if args.type_ == _SERVICE else []
        return pulumi.ResourceOptions(hooks=pulumi.ResourceHookBinding(after_create=[*after], on_error=[retries]))

    return children.also(hooks)


async def _asked(api: str, project: str, google: pulumi.ProviderResource | None) -> str:
    """Asks an API for something; the error's text, or nothing, which a question that takes too long gives as well."""
    if api not in _QUESTIONS:
        return ""
    function, arguments = _QUESTIONS[api]
    key = "projectId" if api == _PROJECTS else "project"
    try:
        await ask(function, {key: project, **arguments}, google)
    except Exception as error:  # noqa: BLE001 (the SDK raises nothing narrower)
        return str(error)
    return ""
