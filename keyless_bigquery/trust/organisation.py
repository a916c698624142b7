"""What an organisation may forbid: providers of a kind, and AWS accounts. Pure.

Both constraints act when a provider is made or changed, not on one that is there. Source: Google, "Manage workload
identity pools and providers".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keyless_bigquery.trust.subject_tokens import AwsOidc
from keyless_bigquery.trust.trust import TrustChain

PROVIDERS_CONSTRAINT = "constraints/iam.workloadIdentityPoolProviders"
"""Which providers may be made. Its values are issuers."""

ACCOUNTS_CONSTRAINT = "constraints/iam.workloadIdentityPoolAwsAccounts"
"""Which AWS accounts a provider may admit. Its values are account ids."""

MEMBERS_CONSTRAINT = "constraints/iam.allowedPolicyMemberDomains"
"""Whom an allow policy may name, when it is changed. Its managed form, which another API serves, is
``constraints/iam.managed.allowedPolicyMembers``. Source: Google, "Restrict identities with domain-restricted sharing".
"""

AWS_ISSUER = "https://sts.amazonaws.com"
"""The issuer that stands for AWS."""


def needed_values(trust: TrustChain) -> dict[str, str]:
    """What must be allowed for a provider that admits a role, by constraint."""
    if isinstance(trust.subject_token, AwsOidc):
        return {PROVIDERS_CONSTRAINT: trust.subject_token.issuer}
    return {PROVIDERS_CONSTRAINT: AWS_ISSUER, ACCOUNTS_CONSTRAINT: trust.aws_account_id}


def only_values(list_policy: Mapping[str, Any]) -> tuple[str, ...]:
    """The values that an effective policy allows, if it allows these alone."""
    if list_policy.get("allValues") == "DENY":
        return ("none",)
    return tuple(str(value) for value in list_policy.get("allowedValues") or ())


def permits(list_policy: Mapping[str, Any], value: str) -> bool:
    """Whether an effective policy allows a value; one that says nothing does.

    Args:
        list_policy: Source: Resource Manager API v1, ``ListPolicy``. A value may be written with ``is:`` before it.
        value: The value.
    """
    everything = list_policy.get("allValues")
    if everything in ("ALLOW", "DENY"):
        return bool(everything == "ALLOW")
    denied, allowed = (
        [str(one).removeprefix("is:") for one in list_policy.get(name) or []]
        for name in ("deniedValues", "allowedValues")
    )
    return value not in denied and (not allowed or value in allowed)
