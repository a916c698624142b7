"""Who the function is: to AWS, and by the provider's mapping to Google. Pure."""

from __future__ import annotations

from keyless_bigquery.trust import adversarial_callers
from keyless_bigquery.trust.attributes import Assertion, Attributes, MappingError, map_attributes
from keyless_bigquery.trust.names import DEFAULT_AWS_MAPPING
from keyless_bigquery.trust.principals import Principal, federated_principal
from keyless_tools.doctor.answer import JSON, Answer, Found
from keyless_tools.doctor.expected import Expected
from keyless_tools.doctor.observed import Seen


def caller_of(expected: Expected, role: Answer[JSON]) -> Assertion:
    """What AWS says of the function. The unique id of a role that wasn't read is made up."""
    role_id = role.value["RoleId"] if isinstance(role, Found) else "AROAUNKNOWN"
    return adversarial_callers.caller_of(expected.trust, role_id=role_id)


def principal_of(expected: Expected, attributes: Attributes) -> Principal:
    """Who that is in the pool."""
    subject, groups = attributes.subject, attributes.groups or ()
    return federated_principal(pool=expected.pool_name, subject=subject, attributes=attributes.custom, groups=groups)


def federated(expected: Expected, seen: Seen) -> Principal | None:
    """Who the function really is in the pool, by the provider's own mapping; ``None`` if that is unknown."""
    if not isinstance(seen.provider, Found):
        return None
    found = seen.provider.value.get("attributeMapping") or DEFAULT_AWS_MAPPING
    try:
        return principal_of(expected, map_attributes(found, caller_of(expected, seen.role)))
    except MappingError:
        return None


def reader(expected: Expected, seen: Seen) -> Principal | None:
    """Who starts jobs and reads rows: the service account, or with direct access the function itself."""
    if expected.service_account is not None:
        return Principal(member=f"serviceAccount:{expected.service_account}")
    return federated(expected, seen)
