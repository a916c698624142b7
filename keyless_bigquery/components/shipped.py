"""What may travel to a function in a layer: a credential configuration that holds no secret. Pure.

Each name has a form, and a value of another form is refused unseen: a key fits in any text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from keyless_bigquery import rules
from keyless_bigquery.runtime import forms
from keyless_bigquery.runtime.environment import LOOPBACK
from keyless_bigquery.trust.names import ACCOUNT_EMAIL, PROVIDER_NAME
from keyless_bigquery.trust.subject_tokens import AWS_OIDC, AWS_SIGNATURE, JWT, AwsSignature
from keyless_bigquery.trust.trust import GoogleEndpoints

Verdict = forms.Verdict

_FIX = (
    "Give the output `credentialConfiguration` of a FederatedRole, or what `gcloud … create-cred-config --aws` writes."
)
_LARGEST_CHARACTERS = 64 * 1024
_LIFETIME_SECONDS = range(600, 43_200 + 1)
"""Source: gcloud, ``create-cred-config --service-account-token-lifetime-seconds``; IAM, ``generateAccessToken``."""

_AUDIENCE = re.compile(rf"//iam\.googleapis\.com/{PROVIDER_NAME}", re.ASCII)
_IMPERSONATION_PATH = re.compile(rf"/v1/projects/-/serviceAccounts/{ACCOUNT_EMAIL}:generateAccessToken", re.ASCII)
"""Source: IAM Service Account Credentials API, ``generateAccessToken``."""

_GOOGLES = (
    r"https://{service}(\.googleapis\.com|\.[a-z0-9-]+\.rep\.googleapis\.com|-[a-z][a-z0-9]*\.p\.googleapis\.com)"
)
"""Public, regional, and of Private Service Connect. Sources: Google, "Best practices for using Workload Identity
Federation"; Google, "About accessing Google APIs through endpoints"."""


class _Form(NamedTuple):
    """What a value must be."""

    fits: Callable[[object], bool]
    said: str
    needed: bool = False


def credential_configuration(text: str, *, endpoint: str | None = None) -> Verdict:
    """A credential configuration of an AWS provider. A key file is refused; what is refused is never shown.

    The names are those of google-auth, ``external_account.Credentials.from_info`` and ``aws.Credentials``, without
    ``client_secret`` and the workforce's. Source: Google, "Configure Workload Identity Federation with AWS".

    Args:
        text: The configuration, as JSON.
        endpoint: Base URL that serves Google's APIs, as of :class:`GoogleEndpoints`, besides those of Google itself.
    """
    try:
        found = json.loads(text, object_pairs_hook=_object) if len(text) <= _LARGEST_CHARACTERS else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        return "it is not a JSON object whose names are each there once", _FIX
    if found.get("type") != "external_account":
        return "its type is not external_account, and a file of another, such as service_account, holds a key", _FIX
    if found.get("subject_token_type") == JWT:
        return (
            f"it is one of {AWS_OIDC}, and no library of Google's asks AWS for the token of such a one by itself",
            f"Set the FederatedRole's subjectToken to {AWS_SIGNATURE}; or put the file into the package of a function"
            " that uses this package's library, which asks AWS.",
        )
    source = found.pop("credential_source", None)
    if not isinstance(source, dict) or source.get("environment_id") != "aws1":
        return "its credential_source is not that of an AWS provider, whose environment_id is aws1", _FIX
    return _misfit(found, _of_the_whole(endpoint), "") or _misfit(source, _OF_THE_SOURCE, "credential_source.")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name is there twice, and readers differ in which one counts")
    return found


def _misfit(found: Mapping[str, object], expected: Mapping[str, _Form], path: str) -> Verdict:
    """What is wrong with the values of an object, by name."""
    if unexpected := sorted(set(found) - set(expected)):
        names = ", ".join(repr(f"{path}{name[:40]}") for name in unexpected[:5])
        return f"it has {names}, which no such configuration needs", _FIX
    for name, form in expected.items():
        if name not in found and form.needed:
            return f"it has no {path}{name}", _FIX
        if name in found and not form.fits(found[name]):
            return f"its {path}{name} must be {form.said}", _FIX
    return None


def _exactly(value: str, *, needed: bool = True) -> _Form:
    return _Form(lambda found: found == value, value, needed)


_OF_THE_SOURCE: Mapping[str, _Form] = {
    **{name: _exactly(value) for name, value in AwsSignature.credential_source.items()},
    "imdsv2_session_token_url": _exactly("http://169.254.169.254/latest/api/token", needed=False),
}
"""What a role's session and signature are sent to. The last is of ``create-cred-config --enable-imdsv2``."""


def _of_the_whole(endpoint: str | None) -> Mapping[str, _Form]:
    """The forms of all but ``credential_source``."""
    public = GoogleEndpoints.universe_domain
    lifetime = f"{_LIFETIME_SECONDS[0]} to {_LIFETIME_SECONDS[-1]}"
    account = "/v1/projects/-/serviceAccounts/NAME@PROJECT.iam.gserviceaccount.com:generateAccessToken"
    return {
        "type": _exactly("external_account"),
        "audience": _Form(
            lambda found: isinstance(found, str) and _AUDIENCE.fullmatch(found) is not None,
            "//iam.googleapis.com/projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER",
            needed=True,
        ),
        "subject_token_type": _exactly(AwsSignature.token_type),
        "token_url": _address("sts", re.compile("/v1/token"), "/v1/token", endpoint, needed=True),
        "token_info_url": _address("sts", re.compile("/v1/introspect"), "/v1/introspect", endpoint),
        "service_account_impersonation_url": _address("iamcredentials", _IMPERSONATION_PATH, account, endpoint),
        "service_account_impersonation": _Form(_is_a_lifetime, f'{{"token_lifetime_seconds": {lifetime}}}'),
        "universe_domain": _Form(
            lambda found: found == public or (endpoint is not None and _is(rules.universe_domain, found)),
            f"{public}, or with a googleEndpoint for the layer another domain",
        ),
        "quota_project_id": _Form(lambda found: _is(rules.project_id, found), "a project's id"),
    }


def _address(service: str, path: re.Pattern[str], said: str, endpoint: str | None, *, needed: bool = False) -> _Form:
    """An address of one of Google's APIs: at Google's own hosts, on the machine itself, or at the endpoint."""

    def fits(found: object) -> bool:
        if not _is(forms.address, found):
            return False
        base, slash, rest = str(found).partition("/v1/")
        if path.fullmatch(slash + rest) is None:
            return False
        if rules.endpoint(base) is None and urlsplit(base).hostname in LOOPBACK:
            return True
        own = endpoint is not None and base == GoogleEndpoints(base_url=endpoint).url(service, "")
        return own or re.fullmatch(_GOOGLES.format(service=service), base, re.ASCII) is not None

    return _Form(
        fits,
        f"https://{service}.googleapis.com{said}, or the same at another endpoint of Google's, or at the one that the"
        " layer has as googleEndpoint",
        needed,
    )


def _is(rule: rules.Rule, found: object) -> bool:
    return isinstance(found, str) and rule(found) is None


def _is_a_lifetime(found: object) -> bool:
    if not isinstance(found, dict) or set(found) != {"token_lifetime_seconds"}:
        return False
    seconds = found["token_lifetime_seconds"]
    return type(seconds) is int and seconds in _LIFETIME_SECONDS
