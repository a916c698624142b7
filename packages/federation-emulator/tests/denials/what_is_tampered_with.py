"""Subject tokens that the right caller signed, and that were changed afterwards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from federation_emulator.core.trace import Part
from tests.denials.case import Case, Step
from tests.denials.signatures import (
    CHANGED,
    added,
    after_signing,
    authorization,
    header,
    malformed,
    refused_by_aws,
    url,
)
from tests.denials.world import World
from tests.emulator.chain import ACCOUNT, AUDIENCE, REGION
from tests.emulator.signing import TARGET, without


def _flip_last(text: str) -> str:
    return text[:-1] + ("0" if text[-1] != "0" else "1")


def _five_minutes_off(stamp: str) -> str:
    moment = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    earlier = moment - timedelta(minutes=5)
    # The same day, so that it is the signature that is wrong and not the scope.
    return (earlier if earlier.date() == moment.date() else moment + timedelta(minutes=5)).strftime("%Y%m%dT%H%M%SZ")


def _session_of_another(world: World) -> None:
    other = world.aws.assume("Somebody-Else")
    header("x-amz-security-token", lambda _value: other.token)(world)


def _malformed(name: str, wrong: Step, *, rule: str, part: Part = Part.REQUEST) -> Case:
    return malformed(name, "it is sent as it was signed", wrong, rule=rule, part=part)


def _refused_by_aws(name: str, wrong: Step, *, actual: str = CHANGED) -> Case:
    return refused_by_aws(name, "it is sent as it was signed", wrong, actual=actual)


_LIST = "host, date and session token must be signed, and every signed header must be there"
_SIGV4 = "Authorization must be an AWS Signature Version 4"
_ONCE = "no header may be repeated"
_HOST = "the signed host must be the URL's host"

CASES = (
    _refused_by_aws("a changed signature", header("authorization", _flip_last)),
    _refused_by_aws("a changed date", header("x-amz-date", _five_minutes_off)),
    _malformed(
        "a date on another day than the scope's",
        header("x-amz-date", lambda stamp: "20200101" + stamp[8:]),
        rule="x-amz-date must be a UTC time on the credential scope's day",
        part=Part.CALLER,
    ),
    _malformed("a changed host", header("host", lambda _value: "sts.eu-west-1.amazonaws.com"), rule=_HOST),
    _malformed("a changed URL", url(f"sts.{REGION}", "sts.eu-west-1"), rule=_HOST),
    _malformed("two targets", added(TARGET, f"{AUDIENCE}-2"), rule=_ONCE),
    _malformed("a second target, its name in capitals", added(TARGET.upper(), f"{AUDIENCE}-2"), rule=_ONCE),
    _malformed(
        "a body next to the signed request",
        after_signing(lambda made: {**made, "body": "Action=AssumeRole"}),
        rule="the subject token must be an object of url, method and headers",
    ),
    _malformed(
        "a further header",
        added("x-amz-content-sha256", "UNSIGNED-PAYLOAD"),
        rule="the headers must be those of a plain signed GetCallerIdentity",
    ),
    _malformed(
        "a line break in a header, and another header behind it",
        header("x-amz-date", lambda stamp: f"{stamp}\r\nx-amz-security-token: other"),
        rule="header values must be printable ASCII",
    ),
    _refused_by_aws("the session token of another role", _session_of_another, actual="InvalidClientTokenId"),
    _malformed(
        "a session token left out",
        after_signing(lambda made: without(made, "x-amz-security-token")),
        rule=_LIST,
        part=Part.CALLER,
    ),
    _malformed(
        "a session token taken off the signed headers",
        authorization(";x-amz-security-token", ""),
        rule=_LIST,
        part=Part.CALLER,
    ),
    _malformed("a host taken off the signed headers", authorization("=host;", "="), rule=_LIST, part=Part.CALLER),
    _malformed(
        "a header put on the list of signed ones", authorization("=host;", "=date;host;"), rule=_LIST, part=Part.CALLER
    ),
    _refused_by_aws("a target taken off the signed headers", authorization(f";{TARGET}", "")),
    _malformed(
        "a bearer token in place of a signature",
        header("authorization", lambda _value: f"Bearer {ACCOUNT}"),
        rule=_SIGV4,
        part=Part.CALLER,
    ),
    _malformed(
        "a signature by another algorithm",
        authorization("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"),
        rule=_SIGV4,
        part=Part.CALLER,
    ),
)
