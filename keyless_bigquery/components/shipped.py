"""What may travel to a function in a layer: a credential configuration that holds no secret. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping

from keyless_bigquery.runtime import forms

Verdict = forms.Verdict

_FIX = (
    "Give the output `credentialConfiguration` of a FederatedRole, or what `gcloud … create-cred-config --aws` writes."
)
_KEYS = frozenset(
    {
        *("universe_domain", "type", "audience", "subject_token_type", "token_url", "token_info_url"),
        *("service_account_impersonation_url", "service_account_impersonation", "credential_source"),
        *("quota_project_id",),
    }
)
_SOURCE_KEYS = frozenset(
    {"environment_id", "region_url", "url", "regional_cred_verification_url", "imdsv2_session_token_url"}
)
"""Source of both: google-auth, ``external_account.Credentials.from_info`` and ``aws.Credentials``; of what they take,
``client_secret`` and the workforce's settings are left out."""

_NEEDED = ("audience", "subject_token_type", "token_url")
_ADDRESSES = ("token_url", "service_account_impersonation_url")
_LARGEST_CHARACTERS = 64 * 1024


def credential_configuration(text: str) -> Verdict:
    """A credential configuration of an AWS provider. A key file is refused; what is refused is never shown.

    Source: Google, "Configure Workload Identity Federation with AWS": the file names resources and addresses alone.
    """
    try:
        found = json.loads(text, object_pairs_hook=_object) if len(text) <= _LARGEST_CHARACTERS else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        return "it is not a JSON object whose names are each there once", _FIX
    if (kind := found.get("type")) != "external_account":
        return f"its type is {_shown(kind)}, and only 'external_account' holds no key", _FIX
    source = found.get("credential_source")
    if not isinstance(source, dict) or source.get("environment_id") != "aws1":
        return "its credential_source is not that of an AWS provider, whose environment_id is aws1", _FIX
    if unexpected := sorted({*set(found) - _KEYS, *set(source) - _SOURCE_KEYS}):
        return f"it has {', '.join(map(_shown, unexpected[:5]))}, which no such configuration needs", _FIX
    return _addresses(found)


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name is there twice, and readers differ in which one counts")
    return found


def _addresses(found: Mapping[str, object]) -> Verdict:
    for name in _NEEDED:
        if not isinstance(found.get(name), str):
            return f"it has no {name}", _FIX
    for name in _ADDRESSES:
        if name in found and (wrong := forms.address(str(found[name]))) is not None:
            return f"its {name} is {_shown(found[name])}: {wrong[0]}", _FIX
    return None


def _shown(value: object) -> str:
    """Short, so that no secret of a wrong file is shown whole."""
    return repr(str(value)[:40])
