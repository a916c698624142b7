"""No piece of a secret leaves the function, however a server cuts, encodes or folds what it quotes."""

from __future__ import annotations

import base64
import json
import re
import urllib.parse
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyless_bigquery.runtime.boundary import failure
from keyless_bigquery.runtime.redaction import REMOVED, scrub
from tests import hostile
from tests.pace import paced_seconds

PIECE = 12
"""Characters of a secret in a row that nothing may show."""

SECRETS = st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", min_size=20, max_size=80)
Encoding = Callable[[str], str]


def every_other(encode: Encoding) -> Encoding:
    return lambda secret: "".join(encode(one) if place % 2 else one for place, one in enumerate(secret))


def percent(text: str) -> str:
    return "".join(f"%{ord(one):02x}" for one in text)


ENCODINGS: dict[str, Encoding] = {
    "as it is": str,
    "the beginning": lambda secret: secret[:PIECE],
    "the end": lambda secret: secret[-PIECE:],
    "the middle": lambda secret: secret[4 : 4 + PIECE],
    "JSON with escaped slashes": lambda secret: secret.replace("/", "\\/"),
    "JSON in JSON": lambda secret: json.dumps(json.dumps({"a": secret})),
    "code points": lambda secret: "".join(f"\\u{ord(one):04X}" for one in secret),
    "some code points": every_other(lambda one: f"\\u{ord(one):04x}"),
    "escaped code points": lambda secret: json.dumps("".join(f"\\u{ord(one):04x}" for one in secret)),
    "Python bytes": lambda secret: "".join(f"\\x{ord(one):02x}" for one in secret),
    "a URL": lambda secret: urllib.parse.quote(secret, safe=""),
    "a URL in a URL": lambda secret: urllib.parse.quote(urllib.parse.quote(secret, safe=""), safe=""),
    "percent": percent,
    "some percent": every_other(percent),
    "percent twice": lambda secret: urllib.parse.quote(percent(secret)),
    "a cut URL": lambda secret: percent(secret)[: 3 * PIECE + 2],
    "XML": lambda secret: "".join(f"&#x{ord(one):x};" for one in secret),
    "XML in decimal": every_other(lambda one: f"&#{ord(one)};"),
    "base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "base64 behind a name": lambda secret: base64.b64encode(f"x:{secret}".encode()).decode(),
    "base64 for URLs": lambda secret: base64.urlsafe_b64encode(f"ab:{secret}".encode()).decode(),
    "base64 made a URL": lambda secret: secret.replace("+", "-").replace("/", "_"),
    "folded": lambda secret: "\r\n ".join(re.findall(r".{1,9}", secret)),
    "folded in JSON": lambda secret: json.dumps("\n\t".join(re.findall(r".{1,9}", secret))),
}


def plain(text: str) -> str:
    """A text as someone reads it who knows all of these ways."""
    for _ in range(3):
        text = urllib.parse.unquote(text)
        text = re.sub(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})", lambda one: chr(int(one[1] or one[2], 16)), text)
        text = re.sub(r"&#x([0-9a-f]+);", lambda one: chr(int(one[1], 16)), text)
        text = re.sub(r"&#([0-9]+);", lambda one: chr(int(one[1])), text)
    return re.sub(r"\\[nrt/]|\s", lambda one: "/" if one[0] == "\\/" else "", text)


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(secret=SECRETS, before=st.text(max_size=30), after=st.text(max_size=30))
def test_no_piece_of_a_secret_comes_through(encoding: str, secret: str, before: str, after: str) -> None:
    shown = scrub(f"{before} {ENCODINGS[encoding](secret)} {after}", [secret])
    forms = (secret, *(base64.b64encode(b"x" * place + secret.encode()).decode() for place in range(3)))
    for read in (shown, plain(shown)):
        for form in forms:
            # What surrounds a secret shares the first and last characters of its base64.
            inner = form if form == secret else form[4:-4]
            assert not [
                inner[at : at + PIECE] for at in range(len(inner) - PIECE + 1) if inner[at : at + PIECE] in read
            ]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_what_stands_around_a_secret_stays(encoding: str) -> None:
    secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    shown = scrub(f"the server said: {ENCODINGS[encoding](secret)} and no more", [secret])
    assert shown.startswith("the server said: ")
    assert shown.endswith(" and no more")
    assert REMOVED in shown


@pytest.mark.parametrize(
    "text",
    [
        "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).",
        "Access Denied: Table p:d.t: User does not have permission to query table p:d.t",
        "100% of /v2/tables?a=b%20c are \\u0041 fine",
    ],
)
def test_a_text_without_a_secret_stays_as_it_is(text: str) -> None:
    assert scrub(text, ["wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"]) == text


def test_a_short_secret_is_found_whole() -> None:
    assert (
        scrub("it is hunter2222, and hunter2 is not", ["hunter2222", "short"]) == "it is [removed], and hunter2 is not"
    )


@given(hostile.texts)
def test_what_is_logged_is_one_printable_line(text: str) -> None:
    assert not hostile.forbidden(scrub(text, ["a" * 20]))


@pytest.mark.parametrize(
    "repeated",
    ["a", "%25", "%2", "\\u0041", "&#x41;", " ", "eyJ", "_-.", "signature ", "B%20", "\\", "AWS4-HMAC-SHA256"],
)
def test_a_megabyte_is_read_within_a_tenth_of_a_second(repeated: str) -> None:
    text = repeated * (1_000_000 // len(repeated))
    secrets = ["wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" * 30]
    assert len(scrub(text, secrets)) <= 401
    assert paced_seconds(lambda: scrub(text, secrets), limit=0.1) < 0.1


def refused(secret: str) -> None:
    try:
        {"": ""}[secret]
    except KeyError as inner:
        raise RuntimeError(secret) from inner


def test_what_is_raised_brings_no_other_error_with_it() -> None:
    secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    try:
        refused(secret)
    except RuntimeError as error:
        found = failure(error, secrets=[secret])
    assert found.__cause__ is None
    assert found.__context__ is None
    assert secret not in str(found)
