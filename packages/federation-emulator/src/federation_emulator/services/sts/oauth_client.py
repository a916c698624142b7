"""The OAuth client in front of an exchange or an introspection: none, or gcloud's own. Pure."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence

from federation_emulator.core.errors import OAuthError
from federation_emulator.core.trace import Part, refuse

GCLOUD = "32555940559.apps.googleusercontent.com"
"""gcloud's public client id, which it sends with every exchange that it makes without a service account."""


def check_client(authorization: Sequence[str]) -> None:
    """Insist that no credential but the subject token comes along.

    Google's page of the method asks for no ``Authorization`` header, since it can make the exchange fail; its own
    gcloud sends one all the same, with a client id and a secret that are public. They prove nothing, so the secret
    isn't looked at, and any other client is refused.

    Raises:
        Refused: There is one that isn't gcloud's.
    """
    if not authorization or (len(authorization) == 1 and _client_id(authorization[0]) == GCLOUD):
        return
    refuse(
        Part.REQUEST,
        rule="an exchange must not carry an Authorization header, unless it is gcloud's own (STS v1 token)",
        actual="an Authorization header",
        expected="none",
        fix="send the exchange without credentials of its own; the subject token is the credential",
        answer=OAuthError("invalid_request", "The Authorization header must not be set for this token exchange."),
    )


def _client_id(authorization: str) -> str:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(encoded.strip(), validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""
