"""Pools, providers and service accounts, and their wire forms.

Soft delete as Google documents it: a deleted pool, provider or account is kept for 30 days; a pool's or
provider's id stays taken that long, an account's e-mail is free at once.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from federation_emulator.core.clock import from_rfc3339, rfc3339
from keyless_bigquery.trust.organisation import AWS_ISSUER

KEPT_AFTER_DELETE = timedelta(days=30)
"""How long a deleted resource can be brought back."""


class PoolState(Enum):
    """Whether a pool or provider can vouch for any caller."""

    ACTIVE = "active"
    DISABLED = "disabled"
    DELETED = "deleted"
    ABSENT = "absent"


def deletion_deadline(now: datetime) -> str:
    """Say until when something deleted now can be brought back."""
    return rfc3339(now + KEPT_AFTER_DELETE)


@dataclass(frozen=True, kw_only=True)
class _Trusted:
    """What a pool and a provider share. ``name`` carries the project's number; ``expire_time`` is set while deleted."""

    name: str
    display_name: str = ""
    description: str = ""
    disabled: bool = False
    expire_time: str = ""

    def state(self, now: datetime) -> PoolState:
        """Say what it is good for at a moment."""
        if self.expire_time:
            return PoolState.DELETED if from_rfc3339(self.expire_time) > now else PoolState.ABSENT
        return PoolState.DISABLED if self.disabled else PoolState.ACTIVE

    def wire(self) -> dict[str, Any]:
        """Write it as the API answers it; empty fields are left out, as protobuf JSON does."""
        optional = {
            "displayName": self.display_name,
            "description": self.description,
            "disabled": self.disabled,
            "expireTime": self.expire_time,
        }
        shown = {key: value for key, value in optional.items() if value}
        return {"name": self.name, "state": "DELETED" if self.expire_time else "ACTIVE", **shown}


@dataclass(frozen=True, kw_only=True)
class Pool(_Trusted):
    """A workload identity pool."""


@dataclass(frozen=True, kw_only=True)
class Oidc:
    """What an OIDC provider accepts.

    Attributes:
        issuer_uri: The only issuer whose tokens it accepts.
        allowed_audiences: Of which a token must name one; empty means the provider's own name.
        jwks_json: The issuer's public keys; empty means those that the issuer publishes.
    """

    issuer_uri: str
    allowed_audiences: tuple[str, ...] = ()
    jwks_json: str = ""

    def wire(self) -> dict[str, Any]:
        """Write it as the API answers it."""
        optional = {"allowedAudiences": list(self.allowed_audiences), "jwksJson": self.jwks_json}
        return {"issuerUri": self.issuer_uri} | {key: value for key, value in optional.items() if value}


@dataclass(frozen=True, kw_only=True)
class Provider(_Trusted):
    """A provider of a pool, for AWS or OIDC: whom it accepts, and how a caller becomes a principal.

    Attributes:
        account_id: The only AWS account whose identities it accepts; empty for OIDC.
        oidc: Which tokens it accepts; ``None`` for AWS.
        attribute_mapping: Google attribute → CEL expression; empty means Google's default for AWS.
        attribute_condition: CEL expression that must be true; empty means none.
    """

    account_id: str = ""
    oidc: Oidc | None = None
    attribute_mapping: Mapping[str, str] = field(default_factory=dict)
    attribute_condition: str = ""

    @property
    def issuer(self) -> str:
        """Whose identities it accepts, as an organisation policy names it."""
        return self.oidc.issuer_uri if self.oidc else AWS_ISSUER

    @property
    def pool_name(self) -> str:
        """The resource name of the pool that it belongs to."""
        return self.name.partition("/providers/")[0]

    def wire(self) -> dict[str, Any]:
        """Write it as the API answers it."""
        body = super().wire()
        if self.attribute_mapping:
            body["attributeMapping"] = dict(self.attribute_mapping)
        if self.attribute_condition:
            body["attributeCondition"] = self.attribute_condition
        return {**body, **({"oidc": self.oidc.wire()} if self.oidc else {"aws": {"accountId": self.account_id}})}


@dataclass(frozen=True, kw_only=True)
class Account:
    """A service account. Its identity is ``unique_id``; the e-mail may be used again after a delete."""

    unique_id: str
    email: str
    project_id: str
    display_name: str = ""
    description: str = ""
    disabled: bool = False
    etag: str = ""
    expire_time: str = ""

    @property
    def resource(self) -> str:
        """The resource name, for messages and wire forms."""
        return f"projects/{self.project_id}/serviceAccounts/{self.email}"

    @property
    def policy_key(self) -> str:
        """Under which key its policy is kept: by unique id, so that a namesake never inherits it."""
        return f"serviceAccounts/{self.unique_id}"

    @property
    def member(self) -> str:
        """Its name in policies."""
        return f"serviceAccount:{self.email}"

    @property
    def deleted_member(self) -> str:
        """Its name in policies while it is deleted."""
        return f"deleted:{self.member}?uid={self.unique_id}"

    def wire(self) -> dict[str, Any]:
        """Write the account as the API answers it."""
        body: dict[str, Any] = {
            "name": self.resource,
            "projectId": self.project_id,
            "uniqueId": self.unique_id,
            "email": self.email,
            "etag": self.etag,
            "oauth2ClientId": self.unique_id,
        }
        optional = {"displayName": self.display_name, "description": self.description, "disabled": self.disabled}
        return body | {key: value for key, value in optional.items() if value}


class Operations:
    """Finished long-running operations, kept for clients that poll. Everything here is done at once."""

    def __init__(self, *, kept: int = 1000) -> None:
        self._kept = kept
        self._operations: OrderedDict[str, dict[str, Any]] = OrderedDict()

    def finish(self, prefix: str, *, kind: str, response: dict[str, Any]) -> dict[str, Any]:
        """Record an operation as done and return its wire form.

        ``prefix`` is what its name starts with, ``operations/`` included; ``kind`` is the response's protobuf type.
        """
        name = prefix + secrets.token_hex(8)
        body = {"name": name, "done": True, "response": {"@type": f"type.googleapis.com/{kind}", **response}}
        self._operations[name] = body
        while len(self._operations) > self._kept:
            self._operations.popitem(last=False)
        return body

    def get(self, name: str) -> dict[str, Any] | None:
        """Return a recorded operation, or ``None``."""
        return self._operations.get(name)
