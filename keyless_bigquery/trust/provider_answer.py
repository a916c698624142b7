"""Reading a provider as Google or a look-up answers it, whichever fields the answer lacks. Pure.

Google leaves out of JSON what is empty, a look-up of the Google provider has null for it, and writes each block as a
list. A provider made without a mapping (``gcloud … providers create-aws`` without ``--attribute-mapping``) has none to
answer, and Google's own for AWS applies.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from keyless_bigquery.trust.attributes import SUBJECT
from keyless_bigquery.trust.foreign_provider import AWS, OIDC, ForeignProvider
from keyless_bigquery.trust.names import PROVIDER_NAME

_OTHER_KINDS = {"oidc": OIDC, "saml": "SAML", "x509": "X.509"}
"""Block of ``WorkloadIdentityPoolProvider`` → how its kind is called."""


def read(answer: Mapping[str, object]) -> ForeignProvider:
    """The provider of an answer.

    Args:
        answer: The fields of the IAM v1 API by name, each as the API has it, as a look-up has it (a block is a list,
            and its fields are in snake case), null, or missing.
    """
    block, oidc = _block(answer.get("aws")), _block(answer.get("oidc")) or {}
    name = _text(answer.get("name"))
    audiences = oidc.get("allowedAudiences") or oidc.get("allowed_audiences") or ()
    return ForeignProvider(
        aws_account_id="" if block is None else _text(block.get("accountId") or block.get("account_id")),
        attribute_mapping=_mapping(answer.get("attributeMapping") or {}),
        attribute_condition=_text(answer.get("attributeCondition")),
        state=_text(answer.get("state")),
        disabled=bool(answer.get("disabled")),
        kind=next((kind for name, kind in _OTHER_KINDS.items() if answer.get(name)), "") if block is None else AWS,
        issuer=_text(oidc.get("issuerUri") or oidc.get("issuer_uri")),
        allowed_audiences=tuple(map(str, audiences)) if isinstance(audiences, Sequence) else (str(audiences),),
        has_keys=bool(oidc.get("jwksJson") or oidc.get("jwks_json")),
        audience=f"https://iam.googleapis.com/{name}" if re.fullmatch(PROVIDER_NAME, name) else "",
    )


def _block(value: object) -> Mapping[str, object] | None:
    """A block, alone or as the first of a list. One without fields is a block too."""
    if isinstance(value, Mapping):
        return value
    if isinstance(value, Sequence) and not isinstance(value, str):
        return next((one for one in value if isinstance(one, Mapping)), None)
    return None


def _mapping(value: object) -> Mapping[str, str]:
    if isinstance(value, Mapping):
        return {key: _text(expression) for key, expression in value.items()}
    return {SUBJECT: ""}  # no mapping that can be read: refused, as an expression that says nothing is


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
