"""What ``generateAccessToken`` accepts. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, NoReturn

from federation_emulator.core.errors import (
    ApiError,
    failed_precondition,
    invalid_argument,
    not_found,
    permission_denied,
)
from federation_emulator.core.permission_names import GET_ACCESS_TOKEN
from federation_emulator.core.trace import Check, Part, refuse
from federation_emulator.services.iam.model import Account
from keyless_bigquery.command_line import command_line

LONGEST_LIFETIME_SECONDS = 3600
"""IAM quotas: longer only with an organisation policy, which the local cloud has none of."""

MOST_SCOPES = 100
MOST_DELEGATES = 10
MOST_SCOPE_CHARACTERS = 256
_SCOPE = re.compile(r"https://(?:[a-z0-9-]+\.)+(?:googleapis|google)\.com/[A-Za-z0-9._/-]*|openid|email|profile")
_DELEGATE = re.compile(r"projects/-/serviceAccounts/(?P<account>[!-.0-9;-~]{1,254})")
_INVALID = "Request contains an invalid argument."
_NO_LIFETIME = "Lifetime of access token must be larger then zero."
_TOO_LONG = (
    "Access tokens can not have lifetimes of more than 1 hour. Use the Org Policy Constraint "
    "constraints/iam.allowServiceAccountCredentialLifetimeExtension to allow up to 12 hours."
)
_LIFETIME = re.compile(r"(?P<seconds>[0-9]{1,6})(?:\.0{1,9})?s")


@dataclass(frozen=True, kw_only=True)
class AccessTokenRequest:
    """What an access token should be able to do, for how long, and through whom it is asked for.

    Attributes:
        scopes: OAuth scopes, at least one.
        lifetime_seconds: 1 to 3600.
        delegates: E-mails or unique ids of the service accounts between the caller and the account, in order.
    """

    scopes: tuple[str, ...]
    lifetime_seconds: int
    delegates: tuple[str, ...]


def read_request(body: dict[str, Any]) -> AccessTokenRequest:
    """Read and check the body.

    Raises:
        Refused: 400, with Google's texts as far as they are public: no scope, one that isn't written as Google's are,
            a lifetime of zero or beyond an hour, or delegates that aren't written with the wildcard project.
    """
    scopes, lifetime = _read_scopes(body.get("scope") or []), body.get("lifetime")
    through = _read_delegates(body.get("delegates") or [])
    seconds = LONGEST_LIFETIME_SECONDS
    if lifetime is not None:
        found = _LIFETIME.fullmatch(lifetime)
        seconds = int(found["seconds"]) if found else 0
        if not 0 < seconds <= LONGEST_LIFETIME_SECONDS:
            _refuse_request(
                f"lifetime must be 1s to {LONGEST_LIFETIME_SECONDS}s",
                f"{lifetime!r:.40}",
                f"{LONGEST_LIFETIME_SECONDS}s",
                _TOO_LONG if seconds else _NO_LIFETIME,
            )
    return AccessTokenRequest(scopes=scopes, lifetime_seconds=seconds, delegates=through)


def _read_scopes(scopes: list[str]) -> tuple[str, ...]:
    if not scopes:
        _refuse_request("scope must be a list of at least one scope", f"{scopes!r:.80}", "a list of scopes")
    if len(scopes) > MOST_SCOPES:
        _refuse_request(f"scope may have at most {MOST_SCOPES} entries", str(len(scopes)), "fewer scopes")
    strange = [scope for scope in scopes if len(scope) > MOST_SCOPE_CHARACTERS or not _SCOPE.fullmatch(scope)]
    if strange:
        expected = "https://www.googleapis.com/auth/cloud-platform, or another scope of Google's"
        _refuse_request("scope must hold Google's scopes only", f"{strange[0]!r:.80}", expected)
    return tuple(scopes)


def _read_delegates(delegates: list[str]) -> tuple[str, ...]:
    named = tuple(found["account"] for found in map(_DELEGATE.fullmatch, delegates) if found)
    if len(named) != len(delegates) or len(named) > MOST_DELEGATES:
        _refuse_request(
            f"delegates must be a list of at most {MOST_DELEGATES} service accounts, each with the wildcard project",
            f"{delegates!r:.200}",
            "projects/-/serviceAccounts/EMAIL",
        )
    return named


def check_account(account: Account | None, email: str) -> Account:
    """Insist that the service account exists; 404 in Google's words."""
    if account is None:
        refuse(
            Part.PERMISSION,
            check=Check.SERVICE_ACCOUNT,
            rule="the service account must exist",
            actual=f"no account {email}",
            expected="an existing account",
            fix="check the e-mail in service_account_impersonation_url",
            answer=not_found(f"Not found; Gaia id not found for email {email:.200}"),
        )
    return account


def check_enabled(account: Account) -> None:
    """Insist that the service account is enabled. Google's text for this is not publicly known.

    Raises:
        Refused: 400 ``FAILED_PRECONDITION``.
    """
    if account.disabled:
        refuse(
            Part.PERMISSION,
            check=Check.SERVICE_ACCOUNT,
            rule="the service account must be enabled",
            actual=f"{account.email} is disabled",
            expected="an enabled account",
            fix=command_line("gcloud", "iam", "service-accounts", "enable", account.email),
            answer=failed_precondition(f"Service account {account.email} is disabled."),
        )


def denied(permission: str = GET_ACCESS_TOKEN) -> ApiError:
    """Build Google's answer to a principal that may not impersonate the account, or not delegate through it."""
    return permission_denied(
        f"Permission '{permission}' denied on resource (or it may not exist).", permission=permission
    )


def _refuse_request(rule: str, actual: str, expected: str, text: str = _INVALID) -> NoReturn:
    refuse(
        Part.REQUEST, rule=rule, actual=actual, expected=expected, fix=f"send {expected}", answer=invalid_argument(text)
    )
