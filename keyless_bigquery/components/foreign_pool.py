"""A pool and provider that another team owns: looked up, judged, and never changed.

Who can edit a provider's mapping can become any principal that the mapping names, so using one is a decision to trust
its owner. What can be checked is checked before anything is made: that it admits the readers' roles, and that no other
caller could pass for one of them (:mod:`keyless_bigquery.trust.foreign_provider`).
"""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_gcp as gcp

from keyless_bigquery.command_line import command_line
from keyless_bigquery.components.federation import ForeignPoolError, TrustedPool
from keyless_bigquery.runtime.printable import one_line
from keyless_bigquery.trust import provider_answer
from keyless_bigquery.trust.foreign_provider import refusals
from keyless_bigquery.trust.trust import ProviderName, TrustChain, audience

_OUTPUTS = {
    "aws": "aws",
    "oidc": "oidcs",
    "saml": "samls",
    "x509": "x509s",
    "attributeMapping": "attribute_mapping",
    "attributeCondition": "attribute_condition",
    "state": "state",
    "disabled": "disabled",
}
"""The API's field → the look-up's output, which may be null although its type says otherwise."""


def foreign_pool(name: str, trusts: Sequence[TrustChain], *, opts: pulumi.InvokeOptions) -> TrustedPool:
    """The pool of a provider that exists.

    Args:
        name: The provider's full resource name.
        trusts: The readers, of one account.
        opts: With what to look it up; needs ``iam.workloadIdentityPoolProviders.get``.

    Raises:
        ForeignPoolError: It can't be read, would not admit the readers, or would admit another in their name.
    """
    parts = ProviderName.parse(name)
    found = _look_up(name, opts)
    answer = {"name": name, **{field: getattr(found, output, None) for field, output in _OUTPUTS.items()}}
    reasons = refusals(provider_answer.read(answer), trusts)
    if reasons:
        lines = "\n".join(f"  - {reason}" for reason in reasons)
        raise ForeignPoolError(f"{_problem(name)}\n{lines}")
    return TrustedPool(
        pool_name=pulumi.Output.from_input(parts.pool_name),
        provider_name=pulumi.Output.from_input(name),
        audience=pulumi.Output.from_input(audience(name)),
    )


def _look_up(name: str, opts: pulumi.InvokeOptions) -> gcp.iam.AwaitableGetWorkloadIdentityPoolProviderResult:
    """Reads the provider; waits for the answer, since nothing may be created before it is judged."""
    parts = ProviderName.parse(name)
    try:
        return gcp.iam.get_workload_identity_pool_provider(
            project=parts.project_number,
            workload_identity_pool_id=parts.pool_id,
            workload_identity_pool_provider_id=parts.provider_id,
            opts=opts,
        )
    except Exception as error:  # the SDK raises nothing narrower for a look-up that failed
        place = (f"--workload-identity-pool={parts.pool_id}", "--location=global", f"--project={parts.project_number}")
        on_it = ("gcloud", "iam", "workload-identity-pools", "providers")
        describe = command_line(*on_it, "describe", parts.provider_id, *place)
        undelete = command_line(*on_it, "undelete", parts.provider_id, *place)
        raise ForeignPoolError(
            f"{_problem(name)}\n  - it can't be read: {one_line(error)}. Check: `{describe}`. Where that fails, it is"
            " another provider than there is, or you lack iam.workloadIdentityPoolProviders.get on it. Where it shows"
            f" `state: DELETED`, its owner can bring it back for 30 days: `{undelete}`"
        ) from error


def _problem(name: str) -> str:
    return f"providerName is {name!r}: this provider can't be used; nothing was created."
