"""From the subject token's text to a signed request that is safe to send on to AWS. Pure.

The subject token is chosen by the client, so nothing in it is believed before it is checked, and it never decides
where a request goes: the host is only compared, the request always goes to the configured AWS.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from typing import Any, NoReturn
from urllib.parse import unquote_plus

from federation_emulator.core.errors import OAuthError
from federation_emulator.core.strict_json import parse_strictly
from federation_emulator.core.trace import Part, refuse
from federation_emulator.services.sts import signed_request
from federation_emulator.services.sts.model import TARGET_HEADER, SignedRequest
from federation_emulator.services.sts.signed_request import refuse_format

MOST_TOKEN_CHARACTERS = 32 * 1024
_ENCODED = re.compile(r"(?:[A-Za-z0-9._~!'()*/+-]|%[0-9A-Fa-f]{2})+")
"""What URL encoders leave as it is: Python's ``quote`` a slash, JavaScript's five signs, Java's a plus for a space."""


def read_subject_token(text: str, *, audience: str, now: datetime) -> SignedRequest:
    """Decode a subject token and insist that it is a GetCallerIdentity request meant for this audience.

    Args:
        text: The form field, form-decoded once: URL-encoded JSON ``{url, method, headers[{key, value}]}``.
        audience: The exchange's audience; the target header must name it, with or without ``https:``.
        now: For the 15-minute window.

    Raises:
        Refused: With Google's texts for the wrong shape (``AWS request has invalid format.``) and for what isn't
            JSON; which rule was broken is in the refusal. Google publishes no list of its checks, so the texts
            are approximations.
    """
    document = _parse(text)
    headers = _headers(document["headers"])
    return signed_request.check(document["method"], document["url"], headers, audience=audience, now=now)


def _parse(text: str) -> dict[str, Any]:
    if len(text) > MOST_TOKEN_CHARACTERS:
        _unreadable(f"it has {len(text)} characters")
    if not _ENCODED.fullmatch(text):
        _unreadable("it has characters that URL encoding leaves no room for")
    try:
        document = parse_strictly(unquote_plus(text, errors="strict"))
    except ValueError as error:
        # Only the kind of error: a JSON error quotes nothing, but a decoding error quotes the token.
        _unreadable(type(error).__name__)
    if not isinstance(document, dict) or set(document) != {"url", "method", "headers"}:
        keys = sorted(name[:40] for name in document)[:10] if isinstance(document, dict) else type(document).__name__
        refuse_format(
            "the subject token must be an object of url, method and headers",
            actual=f"{keys}",
            expected="exactly the keys url, method, headers",
            fix="send the request that was signed, nothing else",
        )
    return document


def _unreadable(actual: str) -> NoReturn:
    refuse(
        Part.REQUEST,
        rule="the subject token must be URL-encoded JSON",
        actual=actual,
        expected=f"JSON of at most {MOST_TOKEN_CHARACTERS} characters, each name in it once",
        fix="send what google-auth makes: JSON, URL-encoded once, then encoded again by the form",
        answer=OAuthError(
            "invalid_request",
            "Invalid format of AWS credentials:Error at line 0:0: Unexpected end of stream : expected '{'",
        ),
    )


def _headers(listed: object) -> dict[str, str]:
    if not isinstance(listed, list) or not all(
        isinstance(entry, dict)
        and set(entry) == {"key", "value"}
        and isinstance(entry["key"], str)
        and isinstance(entry["value"], str)
        for entry in listed
    ):
        refuse_format(
            "headers must be a list of {key, value} with string values",
            actual=type(listed).__name__,
            expected="[{key, value}, …]",
            fix="list each header once, as google-auth does",
        )
    # Only ASCII has a case that HTTP ignores: a Kelvin sign must not become a k.
    names = [entry["key"].lower() if entry["key"].isascii() else entry["key"] for entry in listed]
    pairs = list(zip(names, (entry["value"] for entry in listed), strict=True))
    for name, value in pairs:
        if name == TARGET_HEADER and pairs.count((name, value)) > 1:
            # Google's own library for Java lists the target that it signed once more.
            pairs.remove((name, value))
            break
    repeated = sorted(name[:40] for name, count in Counter(name for name, _ in pairs).items() if count > 1)
    if repeated:
        refuse_format(
            "no header may be repeated, whatever its case",
            actual=f"{', '.join(repeated[:5])} more than once",
            expected="each header once",
            fix="remove the second one: two values leave open which one was signed",
        )
    return dict(pairs)
