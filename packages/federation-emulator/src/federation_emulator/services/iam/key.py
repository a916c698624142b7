"""A service account's keys: their wire form, and what an uploaded one must be. Pure.

No private key is ever here. Sources: IAM API v1, ``ServiceAccountKey``; "Upload service account keys"; "IAM quotas".
"""

from __future__ import annotations

import binascii
import hashlib
import secrets
from base64 import b64decode
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from federation_emulator.core.clock import rfc3339
from federation_emulator.core.errors import ApiError, invalid_argument
from federation_emulator.services.iam.model import Account

MOST_KEYS = 10
"""Most user-managed keys of an account."""

_BITS = 2048
_ROTATION = timedelta(days=14)


@dataclass(frozen=True, kw_only=True)
class Key:
    """A key that was uploaded. ``account`` is the account's unique id; the times are as the API answers them."""

    id: str
    account: str
    valid_after: str
    valid_before: str
    disabled: bool = False

    def wire(self, account: Account) -> dict[str, Any]:
        """Write it as the API answers it."""
        body = _wire(account, self.id, self.valid_after, self.valid_before, made_by="USER")
        reason = {"disabled": True, "disableReason": "SERVICE_ACCOUNT_KEY_DISABLE_REASON_USER_INITIATED"}
        return body | (reason if self.disabled else {})


def google_managed(account: Account, now: datetime) -> dict[str, Any]:
    """The key that Google keeps for itself, which every account has."""
    made = hashlib.sha256(account.unique_id.encode()).hexdigest()[:40]
    day = now.replace(hour=0, minute=0, second=0)
    return _wire(account, made, rfc3339(day), rfc3339(day + _ROTATION), made_by="GOOGLE")


def uploaded_key(account: Account, data: str) -> Key:
    """Make a key of the certificate that was uploaded.

    Args:
        account: Whose key it becomes.
        data: The certificate with its public key: X.509, PEM, base64.

    Raises:
        ApiError: 400, it is no such certificate, or not of an RSA key of 2,048 bits.
    """
    # Imported late: only an upload needs it.
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    try:
        certificate = x509.load_pem_x509_certificate(b64decode(data, validate=True))
        public = certificate.public_key()
    except (binascii.Error, ValueError) as problem:
        raise _invalid("it is no X.509 certificate in PEM") from problem
    if not isinstance(public, RSAPublicKey) or public.key_size != _BITS:
        raise _invalid(f"its key is not RSA with {_BITS} bits")
    return Key(
        id=secrets.token_hex(20),
        account=account.unique_id,
        valid_after=rfc3339(certificate.not_valid_before_utc),
        valid_before=rfc3339(certificate.not_valid_after_utc),
    )


def _invalid(why: str) -> ApiError:
    return invalid_argument(f"The public key data can't be used: {why}.")


def _wire(account: Account, key_id: str, after: str, before: str, *, made_by: str) -> dict[str, Any]:
    return {
        "name": f"{account.resource}/keys/{key_id}",
        "validAfterTime": after,
        "validBeforeTime": before,
        "keyAlgorithm": "KEY_ALG_RSA_2048",
        "keyOrigin": "USER_PROVIDED" if made_by == "USER" else "GOOGLE_PROVIDED",
        "keyType": "USER_MANAGED" if made_by == "USER" else "SYSTEM_MANAGED",
    }
