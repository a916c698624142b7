"""``GetWebIdentityToken`` of AWS STS: what a request asks for, and the claims of the token. Pure.

Sources: AWS STS API Reference, "GetWebIdentityToken"; IAM User Guide, "Understanding token claims" and "Controlling
access with IAM policies" (of outbound identity federation); the errors' codes and statuses from botocore's models.
"""

from __future__ import annotations

import re
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

ACTION = "GetWebIdentityToken"
ISSUER_HOST = "5f3c9a52-0d0b-4c1e-9b60-6c6f63616c00.tokens.sts.global.api.aws"
ISSUER = f"https://{ISSUER_HOST}"
"""The local account's issuer. AWS makes one for each account when outbound identity federation is enabled there."""

NAMESPACE = "https://sts.amazonaws.com/"
"""The claim that holds what AWS adds to the standard ones."""

KEY_SET = "/.well-known/jwks.json"
"""Path of the issuer's public keys. Source: IAM API, "EnableOutboundWebIdentityFederation"."""

DEFAULT_SECONDS = 300
_LEAST_SECONDS, _MOST_SECONDS = 60, 3600
_MOST_AUDIENCES, _LONGEST_AUDIENCE = 10, 1000
_MOST_TAGS = 50
_ALGORITHMS = ("RS256", "ES384")
_FORM = "application/x-www-form-urlencoded"
_SECONDS = re.compile(r"[0-9]{1,6}")
_MEMBER = re.compile(r"(?P<list>Audience|Tags)\.member\.(?P<number>[1-9][0-9]{0,3})(?:\.(?P<part>Key|Value))?")
_TAG_TEXT = re.compile(r"[\w .:/=+\-@]*", re.ASCII)
"""AWS takes letters and digits of every script; here they are ASCII's."""


class StsError(Exception):
    """A refusal of AWS's.

    Args:
        code: ``Error.Code`` of the answer.
        status: Its HTTP status.
    """

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


@dataclass(frozen=True, kw_only=True)
class TokenRequest:
    """What is asked for.

    Attributes:
        audiences: Of the token's ``aud``; 1 to 10.
        algorithm: ``RS256`` or ``ES384``.
        seconds: How long the token lasts; ``None``: it isn't said, which means 300.
        tags: For ``request_tags``.
    """

    audiences: tuple[str, ...]
    algorithm: str
    seconds: int | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def lifetime(self) -> int:
        """How long the token lasts, in seconds."""
        return DEFAULT_SECONDS if self.seconds is None else self.seconds

    def condition_keys(self) -> dict[str, Any]:
        """The condition keys of IAM that this request has.

        AWS doesn't say whether ``sts:DurationSeconds`` is there where the request leaves it out. Here it isn't, so
        that a condition on it refuses such a request.
        """
        keys: dict[str, Any] = {
            "sts:IdentityTokenAudience": list(self.audiences),
            "sts:SigningAlgorithm": self.algorithm,
        }
        return keys | ({} if self.seconds is None else {"sts:DurationSeconds": str(self.seconds)})


def may_ask(body: bytes, query: Mapping[str, Any]) -> bool:
    """Whether any reading of a request's parameters takes it for this action."""
    named = query.get("Action", [])
    return ACTION in (named if isinstance(named, list) else [named]) or ACTION in [
        value for name, value in parse_qsl(body.decode("utf-8", "replace")) if name == "Action"
    ]


def check_place(method: str, content_type: str, query: Mapping[str, Any]) -> None:
    """Insist that the parameters are where :func:`read` reads them, and nowhere else.

    Raises:
        StsError: They are elsewhere, where another than :func:`read` could find others.
    """
    if method != "POST" or query or content_type.partition(";")[0].strip().lower() != _FORM:
        raise _invalid(f"{ACTION} must be sent with POST, and its parameters as a form in the body.")


def read(body: bytes) -> TokenRequest:
    """Read a request: one form, each parameter once.

    Raises:
        StsError: It is anything else, or asks for what AWS doesn't give.
    """
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=200)
    except ValueError as problem:
        raise _invalid("The body is no form in UTF-8.") from problem
    if repeated := [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]:
        raise _invalid(f"The parameter {repeated[0]:.80} comes more than once.")
    given = dict(pairs)
    if (given.pop("Action", ""), given.pop("Version", "")) != (ACTION, "2011-06-15"):
        raise _invalid(f"The form must have Action={ACTION} and Version=2011-06-15.")
    algorithm, seconds = given.pop("SigningAlgorithm", ""), given.pop("DurationSeconds", None)
    if not algorithm:
        raise StsError("MissingParameter", "The request must contain the parameter SigningAlgorithm.")
    if algorithm not in _ALGORITHMS:
        raise _constraint("signingAlgorithm", "Member must satisfy enum value set: [RS256, ES384]")
    audiences, tags = _lists(given)
    return TokenRequest(audiences=audiences, algorithm=algorithm, seconds=_read_seconds(seconds), tags=tags)


def _read_seconds(text: str | None) -> int | None:
    if text is None:
        return None
    if not _SECONDS.fullmatch(text) or not _LEAST_SECONDS <= int(text) <= _MOST_SECONDS:
        raise _constraint("durationSeconds", f"Member must be a number from {_LEAST_SECONDS} to {_MOST_SECONDS}")
    return int(text)


def _lists(given: Mapping[str, str]) -> tuple[tuple[str, ...], dict[str, str]]:
    """The members of both lists, each numbered from 1 without a gap."""
    audiences: dict[int, str] = {}
    halves: dict[int, dict[str, str]] = {}
    for name, value in given.items():
        member = _MEMBER.fullmatch(name)
        if member is None or (member["list"] == "Tags") is not bool(member["part"]):
            raise _invalid(f"{name:.80} is no parameter of {ACTION} that is offered here.")
        if member["part"]:
            halves.setdefault(int(member["number"]), {})[member["part"]] = value
        else:
            audiences[int(member["number"])] = value
    _check_members("audience", sorted(audiences), _MOST_AUDIENCES)
    _check_members("tags", sorted(halves), _MOST_TAGS)
    if not audiences:
        raise StsError("MissingParameter", "The request must contain the parameter Audience.")
    if not all(1 <= len(audience) <= _LONGEST_AUDIENCE for audience in audiences.values()):
        raise _constraint("audience", f"Member must have length from 1 to {_LONGEST_AUDIENCE}")
    return tuple(audiences[number] for number in sorted(audiences)), _tags([halves[each] for each in sorted(halves)])


def _check_members(name: str, numbers: Sequence[int], most: int) -> None:
    if list(numbers) != list(range(1, len(numbers) + 1)):
        raise _invalid(f"The members of {name} must be numbered from 1 without a gap.")
    if len(numbers) > most:
        raise _constraint(name, f"Member must have length less than or equal to {most}")


def _tags(halves: Sequence[Mapping[str, str]]) -> dict[str, str]:
    for half in halves:
        key, value = half.get("Key", ""), half.get("Value")
        texts = (key, value or "")
        if not 1 <= len(key) <= 128 or value is None or len(value) > 256 or not all(map(_TAG_TEXT.fullmatch, texts)):
            raise _constraint("tags", "Member must have a key of 1 to 128 and a value of at most 256 characters")
    if len({half["Key"].lower() for half in halves}) < len(halves):
        raise StsError(
            "InvalidParameterValue",
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
        )
    return {half["Key"]: half["Value"] for half in halves}


def claims(
    request: TokenRequest, *, role: str, account: str, region: str, now: int, **more: str | Mapping[str, str]
) -> dict[str, Any]:
    """Write the claims of a role's token.

    Args:
        request: What was asked for.
        role: ARN of the role, with its path: AWS doesn't name the session.
        account: Number of its account.
        region: Of the endpoint that was asked.
        now: Seconds since the epoch.
        more: Claims of the namespace that not every token has; an empty one is left out.
    """
    special = {"principal_id": role, "aws_account": account, "source_region": region, "request_tags": request.tags}
    return {
        "iss": ISSUER,
        "sub": role,
        "aud": request.audiences[0] if len(request.audiences) == 1 else list(request.audiences),
        "iat": now,
        "exp": now + request.lifetime,
        "jti": str(uuid.uuid4()),
        NAMESPACE: {name: value for name, value in {**special, **more}.items() if value},
    }


def _invalid(message: str) -> StsError:
    return StsError("ValidationError", message)


def _constraint(name: str, rule: str) -> StsError:
    return _invalid(f"1 validation error detected: Value at '{name}' failed to satisfy constraint: {rule}")
