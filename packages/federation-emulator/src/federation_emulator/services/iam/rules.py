"""What pools, providers and service accounts may be called and hold. Pure.

Limits are those of the IAM v1 API reference and "IAM quotas".
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from federation_emulator.console.messages import camel
from federation_emulator.core.errors import invalid_argument, unimplemented
from federation_emulator.core.http import text_field
from federation_emulator.services.iam.model import Account, Pool, Provider
from federation_emulator.services.iam.oidc_rules import check_claims_are_tested, read_oidc
from keyless_bigquery.trust.attributes import condition_problem, mapping_problem
from keyless_bigquery.trust.names import ACCOUNT_ID, POOL_OR_PROVIDER_ID

_RESOURCE_ID = re.compile(POOL_OR_PROVIDER_ID)
_ACCOUNT_ID = re.compile(ACCOUNT_ID)
_AWS_ACCOUNT = re.compile(r"[0-9]{12}")
_OTHER_KINDS = ("saml", "x509", "actorProviders")
POOL_FIELDS = ("displayName", "description", "disabled", "mode")
PROVIDER_FIELDS = ("displayName", "description", "disabled", "attributeMapping", "attributeCondition", "aws", "oidc")
_OIDC_FIELDS = ("oidc.issuerUri", "oidc.allowedAudiences", "oidc.jwksJson")
ACCOUNT_FIELDS = ("displayName", "description")
_TRUST_CONFIGURATIONS = ("inlineCertificateIssuanceConfig", "inlineTrustConfig")


def check_id(value: str, *, parameter: str) -> None:
    """Insist on Google's form of a pool or provider id; 400 if it is another."""
    if not _RESOURCE_ID.fullmatch(value) or value.startswith("gcp-"):
        raise invalid_argument(
            f"Invalid value {value!r:.80} for {parameter}: it must have 4-32 characters of a-z, 0-9 and hyphen, and "
            "the prefix 'gcp-' is reserved."
        )


def check_account_id(value: str) -> None:
    """Insist on Google's form of a service account id; 400 if it is another."""
    if not _ACCOUNT_ID.fullmatch(value):
        raise invalid_argument(
            f"Invalid service account id {value!r:.80}: 6-30 characters of a-z, 0-9 and hyphen, beginning with a "
            "letter and not ending in a hyphen."
        )


def read_mask(text: str, known: tuple[str, ...]) -> set[str]:
    """Read an update mask, camel or snake case, comma separated. ``aws.accountId`` counts as ``aws``.

    Each field of ``oidc`` stands for itself, and ``oidc`` for all of them.

    Raises:
        ApiError: 400, the mask is empty or names a field that can't be changed.
    """
    paths = {camel(path.strip()) for path in text.split(",") if path.strip()}
    paths = {"aws" if path == "aws.accountId" else path for path in paths}
    if "oidc" in known:
        known = (*known, *_OIDC_FIELDS)
    unknown = sorted(paths - set(known))
    if unknown or not paths:
        raise invalid_argument(
            f"Invalid update_mask {text!r:.200}: it must name some of {', '.join(known)}"
            + (f"; {', '.join(unknown)} can't be changed." if unknown else ".")
        )
    return paths


def changed_pool(pool: Pool, body: dict[str, Any], mask: set[str]) -> Pool:
    """Return the pool with the masked fields taken from the body. A masked field missing there is reset.

    Raises:
        ApiError: 400, a field is too long; 501, a mode other than federation.
    """
    if any(body.get(name) for name in _TRUST_CONFIGURATIONS):
        raise unimplemented("Pools for X.509 certificates are not offered by the local cloud.")
    if "mode" in mask and text_field(body, "mode") not in {"", "MODE_UNSPECIFIED", "FEDERATION_ONLY"}:
        raise unimplemented(f"Pool mode {body['mode']} is not offered by the local cloud: only FEDERATION_ONLY.")
    return replace(pool, **_common(body, mask))


def changed_provider(provider: Provider, body: dict[str, Any], mask: set[str]) -> Provider:
    """Return the provider with the masked fields taken from the body. A masked field missing there is reset.

    Raises:
        ApiError: 400, a field is malformed, or is missing; 501, a kind other than ``aws`` and ``oidc``.
    """
    others = [kind for kind in _OTHER_KINDS if body.get(kind) is not None]
    if others:
        raise unimplemented(f"Providers of kind {others[0]} are not offered by the local cloud: only aws and oidc.")
    changes: dict[str, Any] = _common(body, mask)
    if provider.oidc is None and "aws" in mask:
        changes["account_id"] = _account(body.get("aws") or {})
    if provider.oidc is not None:
        changes["oidc"] = read_oidc(body.get("oidc") or {}, mask, provider.oidc)
    if "attributeMapping" in mask:
        mapping = body.get("attributeMapping") or {}
        _check(mapping_problem(mapping))
        changes["attribute_mapping"] = mapping
    if "attributeCondition" in mask:
        condition = text_field(body, "attributeCondition", limit=100_000)
        _check(condition_problem(condition))
        changes["attribute_condition"] = condition
    changed = replace(provider, **changes)
    if changed.oidc is not None:
        if not changed.attribute_mapping:
            _check("an OIDC provider must have an attribute mapping, with google.subject in it")
        check_claims_are_tested(changed.oidc.issuer_uri, changed.attribute_condition)
    return changed


def check_kind(provider: Provider, body: dict[str, Any], mask: set[str]) -> None:
    """Insist that a change leaves a provider of the kind that it is.

    Raises:
        ApiError: 400, body or mask names another kind.
    """
    own = "oidc" if provider.oidc else "aws"
    named = {kind for kind in ("aws", "oidc", "saml", "x509") if body.get(kind) is not None}
    if (named | {path.partition(".")[0] for path in mask} & {"aws", "oidc"}) - {own}:
        raise invalid_argument("The kind of a provider can't be changed: create a new one, with another id.")


def kind_of(body: dict[str, Any]) -> str:
    """Say of which kind a new provider is: ``aws`` or ``oidc``.

    Raises:
        ApiError: 400, it is of both.
    """
    if body.get("aws") is not None and body.get("oidc") is not None:
        raise invalid_argument(
            "Invalid value at 'workload_identity_pool_provider' (oneof), oneof field 'provider_config' is already set. "
            "Cannot set 'oidc'"
        )
    return "oidc" if body.get("oidc") is not None else "aws"


def changed_account(account: Account, body: dict[str, Any], mask: set[str]) -> Account:
    """Return the account with the masked fields taken from the body.

    Raises:
        ApiError: 400, a field has the wrong type or length.
    """
    return replace(account, **_common(body, mask, longest_name=100))


def _common(body: dict[str, Any], mask: set[str], *, longest_name: int = 32) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if "displayName" in mask:
        changes["display_name"] = text_field(body, "displayName", limit=longest_name)
    if "description" in mask:
        changes["description"] = text_field(body, "description", limit=256)
    if "disabled" in mask:
        changes["disabled"] = bool(body.get("disabled"))
    return changes


def _account(aws: dict[str, Any]) -> str:
    account = text_field(aws, "accountId")
    if not _AWS_ACCOUNT.fullmatch(account):
        raise invalid_argument(f"Invalid value {account!r:.40} for aws.account_id: it must be 12 digits.")
    return account


def _check(problem: str | None) -> None:
    if problem is not None:
        raise invalid_argument(f"Invalid provider: {problem}.")
