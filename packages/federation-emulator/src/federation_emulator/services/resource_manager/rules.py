"""What a project's policy must keep, and what an organisation policy may say. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from federation_emulator.core.errors import ApiError, failed_precondition, invalid_argument, unimplemented
from federation_emulator.core.http import text_field
from federation_emulator.core.permissions import Policy
from federation_emulator.services.resource_manager.model import OrganisationPolicy
from keyless_bigquery.trust.organisation import ACCOUNTS_CONSTRAINT, PROVIDERS_CONSTRAINT, permits

CONSTRAINTS = (PROVIDERS_CONSTRAINT, ACCOUNTS_CONSTRAINT)
"""The constraints that exist here: those that concern a provider for AWS."""

MOST_VALUES = 500


def check_keeps_an_owner(policy: Policy) -> None:
    """Insist that some user stays owner, as Resource Manager v1 ``setIamPolicy`` documents.

    Without one no user could ever change the project again.

    Raises:
        ApiError: 400, no ``roles/owner`` binding with a user remains.
    """
    owners = [member for binding in policy.bindings if binding.role == "roles/owner" for member in binding.members]
    if not any(member.startswith("user:") for member in owners):
        raise failed_precondition(
            "The policy would leave the project without an owner (roles/owner for a user). Read the policy and send "
            "it back with your change, the other bindings included."
        )


def read_constraint(body: dict[str, Any]) -> str:
    """Read the constraint that a request names.

    Raises:
        ApiError: 400, none or a malformed one; 501, one that doesn't concern a provider for AWS.
    """
    constraint = text_field(body, "constraint")
    if not constraint.startswith("constraints/"):
        raise invalid_argument(f"Invalid constraint {constraint!r:.100}: it must read constraints/NAME.")
    if constraint not in CONSTRAINTS:
        raise unimplemented(
            f"{constraint:.100} is not offered by the local cloud: only {', '.join(CONSTRAINTS)}, which concern "
            "providers for AWS."
        )
    return constraint


def read_organisation_policy(body: dict[str, Any], *, etag: str) -> OrganisationPolicy:
    """Read the policy of a ``setOrgPolicy``. ``etag`` is its new one.

    Raises:
        ApiError: 400, a field is malformed; 501, another constraint, or a policy of another kind.
    """
    policy = body.get("policy") or {}
    if policy.get("booleanPolicy") is not None:
        raise invalid_argument("The constraints here are lists: a booleanPolicy is none of theirs.")
    if policy.get("restoreDefault") is not None:
        raise unimplemented("restoreDefault is not offered by the local cloud: clear the policy instead.")
    found = policy.get("listPolicy") or {}
    everything = text_field(found, "allValues")
    allowed, denied = _values(found, "allowedValues"), _values(found, "deniedValues")
    if everything and (allowed or denied):
        raise invalid_argument("allValues must be ALLOW or DENY, and then there are no single values.")
    return OrganisationPolicy(
        constraint=read_constraint(policy),
        allowed=allowed,
        denied=denied,
        everything=everything.removeprefix("ALL_VALUES_UNSPECIFIED"),
        etag=etag,
    )


def check_allowed(policies: Iterable[OrganisationPolicy], issuer: str, aws_account_id: str) -> None:
    """Insist that a provider may be made or changed, for an issuer and, unless it is empty, an AWS account.

    Raises:
        ApiError: 400 ``FAILED_PRECONDITION``, in the words of Google's "Troubleshoot Workload Identity Federation".
    """
    needed = {PROVIDERS_CONSTRAINT: issuer, ACCOUNTS_CONSTRAINT: aws_account_id}
    for policy in policies:
        value = needed[policy.constraint]
        if value and not permits(policy.list_policy(), value):
            violation = {"type": policy.constraint, "description": f"Org Policy violated for value: '{value}'."}
            raise ApiError(
                400,
                "FAILED_PRECONDITION",
                "Precondition check failed.",
                reason="failedPrecondition",
                details=[{"@type": "type.googleapis.com/google.rpc.PreconditionFailure", "violations": [violation]}],
            )


def _values(found: dict[str, Any], name: str) -> tuple[str, ...]:
    values = found.get(name) or []
    if len(values) > MOST_VALUES:
        raise invalid_argument(f"Invalid value at 'policy.list_policy.{name}': a list of at most {MOST_VALUES} texts.")
    return tuple(values)
