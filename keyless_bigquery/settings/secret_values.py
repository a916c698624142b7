"""Recognises secrets among a function's variables. Pure; no value is ever part of an answer."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from itertools import pairwise

_NAME = re.compile(
    r"(?:"
    r"(?:.*_)?(?:SECRET|API|ACCESS|PRIVATE|ENCRYPTION|SIGNING|AUTH|HMAC|MASTER|ACCOUNT|SERVICE|SSH|CLIENT)?KEY"
    r"|.*(?:SECRETS?|PASSWORD|PASSWD|PASSPHRASE|TOKEN|ACCESS_KEY_ID)"
    r"|.*_PWD|(?:.*_)?(?:PASS|BEARER|COOKIE)"
    r")(?:_?(?:JSON|VALUE|TEXT|BASE64|B64))?",
    re.IGNORECASE | re.ASCII,
)
_HARMLESS_KEY = re.compile(
    r"(?:.*_)?(?:PUBLIC|PRIMARY|FOREIGN|PARTITION|SORT|CLUSTER|CACHE|OBJECT|S3|BUCKET|ROW|INDEX|LOOKUP|JOIN|GROUP)_?KEY",
    re.IGNORECASE | re.ASCII,
)
_DIGEST = re.compile(
    r"(?:.*_)?(?:SHA\d*|SHA_?256|MD5|DIGEST|HASH|CHECKSUM|ETAG|COMMIT|REVISION|FINGERPRINT)", re.IGNORECASE | re.ASCII
)
_REFERENCE = re.compile(
    r"arn:[a-z-]+:(?:secretsmanager|ssm|kms):.*|projects/[^/]+/(?:locations/[^/]+/)?secrets/.*|/[\w./-]*|[\w.-]+\.json|",
    re.ASCII,
)
"""The name of a place where a secret is kept, a path, or nothing."""

_SHAPES = {
    "an AWS access key id": re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b", re.ASCII),
    "a private key": re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----"),
    "a Google API key": re.compile(r"\bAIza[\w-]{35}\b", re.ASCII),
    "a Google access token": re.compile(r"\bya29\.[\w-]{16,}", re.ASCII),
    "a Google OAuth client secret": re.compile(r"\bGOCSPX-[\w-]{20,}", re.ASCII),
    "a JSON Web Token": re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*", re.ASCII),
    "a GitHub token": re.compile(r"\b(?:gh[opusr]_[A-Za-z0-9]{30,}|github_pat_\w{30,})", re.ASCII),
    "a Slack token": re.compile(r"\bxox[abeoprs]-[\w-]{10,}", re.ASCII),
    "a password in a URL": re.compile(r"\b[a-z][a-z0-9+.-]*://[^/\s:@]*:[^/\s:@]+@", re.IGNORECASE | re.ASCII),
}
_KEY_FIELD = re.compile(r"[\"'](?:private_key|private_key_id|client_secret|refresh_token)[\"']\s*:", re.ASCII)
_RUN = re.compile(r"[A-Za-z0-9+]{20,}={0,2}")
_HEX = re.compile(r"[0-9a-fA-F]{32,}")
_AWS_SECRET = re.compile(r"[A-Za-z0-9/+]{40}")
_LEAST_HEX_BITS = 3.0
"""Bits a character; random hexadecimal digits have nearly 4, a count or a repeated pattern fewer."""

_LEAST_TURNS = 0.42
"""How often neighbours are of different kinds: in random letters and digits 0.6, in words JoinedLikeThis 0.3."""

BLINDED = "[secret]"
"""What a preview's JSON has in place of a value that the program marked as secret. A policy pack gets the value."""


def secret_in(name: str, value: str) -> str | None:
    """Say what makes a variable look like a secret, or ``None``."""
    if value == BLINDED:
        return "a value that the program itself marked as secret"
    for what, shape in _SHAPES.items():
        if shape.search(value):
            return what
    if _KEY_FIELD.search(value) or _is_key_file(value):
        return "JSON with a key in it"
    if has_secret_name(name) and not _REFERENCE.fullmatch(value):
        return "a value whose name says that it is secret"
    if not _DIGEST.fullmatch(name) and _is_random(value):
        return "a value that looks random, as keys do"
    return None


def has_secret_name(name: str) -> bool:
    """Whether a variable's name says that its value is secret."""
    return _NAME.fullmatch(name) is not None and _HARMLESS_KEY.fullmatch(name) is None


def _is_key_file(value: str) -> bool:
    if value.lstrip()[:1] != "{":
        return False
    try:
        found = json.loads(value)
    except ValueError:
        return False
    return isinstance(found, dict) and found.get("type") in {"service_account", "authorized_user"}


def _is_random(value: str) -> bool:
    if any(_bits(run) >= _LEAST_HEX_BITS for run in _HEX.findall(value)):
        return True
    runs = [value] if _AWS_SECRET.fullmatch(value) else _RUN.findall(value)
    return any(_is_mixed(run) and _turns(run) >= _LEAST_TURNS for run in runs)


def _is_mixed(text: str) -> bool:
    return all(re.search(kind, text) for kind in ("[a-z]", "[A-Z]", "[0-9]"))


def _turns(text: str) -> float:
    """The share of neighbours that aren't both small, both capital or both digits."""
    kinds = [(letter.islower(), letter.isupper(), "0" <= letter <= "9") for letter in text]
    return sum(one != other for one, other in pairwise(kinds)) / (len(kinds) - 1)


def _bits(text: str) -> float:
    """Shannon's entropy, in bits a character."""
    return -sum(count / len(text) * math.log2(count / len(text)) for count in Counter(text).values())
