"""Subject tokens that are not a fresh, whole, signed GetCallerIdentity for this audience, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from local_cloud.trace import Link, Part
from tests.denials.case import Case, Step
from tests.denials.world import World
from tests.local_cloud.chain import ACCOUNT, AUDIENCE, REGION, Keys
from tests.local_cloud.signing import TARGET, Document, edited, without

_CHANGE = "that part is as the right caller signed it"
_OTHER_AUDIENCE = AUDIENCE.replace("aws-provider", "other-provider")


def _signed(**differently: Any) -> Step:
    def step(world: World) -> None:
        world.signing = differently

    return step


def _after_signing(edit: Callable[[Document], Document], **signing: Any) -> Step:
    def step(world: World) -> None:
        world.signing, world.edits = signing, [edit]

    return step


def _well_signed(world: World) -> None:
    world.signing, world.edits = {}, []


def _header(name: str, edit: Callable[[str], str]) -> Callable[[Document], Document]:
    return lambda made: edited(made, name, edit)


def _added(name: str, value: str) -> Callable[[Document], Document]:
    return lambda made: {**made, "headers": [*made["headers"], {"key": name, "value": value}]}


def _url(edit: Callable[[str], str]) -> Callable[[Document], Document]:
    return lambda made: {**made, "url": edit(made["url"])}


def _flip_last(text: str) -> str:
    return text[:-1] + ("0" if text[-1] != "0" else "1")


def _an_hour_earlier(stamp: str) -> str:
    moment = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    earlier = moment - timedelta(minutes=5)
    # The same day, so that it is the signature that is wrong and not the scope.
    return (earlier if earlier.date() == moment.date() else moment + timedelta(minutes=5)).strftime("%Y%m%dT%H%M%SZ")


def _session_of_another(world: World) -> None:
    other = world.aws.assume("Somebody-Else")
    world.edits = [_header("x-amz-security-token", lambda _value: other.token)]


def _unknown_key(world: World) -> None:
    world.keys = Keys("ASIAUNKNOWNUNKNOWN00", "not-a-secret-of-anybody", "not-a-session-of-anybody")


def _without_session(world: World) -> None:
    world.keys = Keys(world.right_keys.key, world.right_keys.secret)


def _whole_keys(world: World) -> None:
    world.keys = world.right_keys


def _case(name: str, wrong: Step, *, rule: str, part: Part = Part.REQUEST, right: Step = _well_signed) -> Case:
    return Case(
        name=name,
        change=_CHANGE,
        wrong=wrong,
        right=right,
        link=Link.TOKEN_EXCHANGE,
        part=part,
        rule=rule,
        status=400,
        error="invalid_request",
        says="AWS request has invalid format.",
    )


def _refused_by_aws(name: str, wrong: Step, *, right: Step = _well_signed, says: str = "") -> Case:
    return Case(
        name=name,
        change=_CHANGE,
        wrong=wrong,
        right=right,
        link=Link.TOKEN_EXCHANGE,
        part=Part.CALLER,
        rule="AWS must accept the signed request",
        status=400,
        error="invalid_grant",
        says=says,
    )


_ONLY = "the signed request must be GetCallerIdentity at AWS STS and nothing else"
_TARGET = f"{TARGET} must name the audience of this exchange"
_HEADERS = "the headers must be those of a plain signed GetCallerIdentity"
_SCOPE = "the credential scope must name the service sts and the host's region"
_LIST = "host, date and session token must be signed, and every signed header must be there"

CASES = (
    # What was signed
    _case("a signature for another region", _signed(region="eu-west-1"), rule=_SCOPE, part=Part.CALLER),
    _case("a signature for another service", _signed(service="s3"), rule=_SCOPE, part=Part.CALLER),
    _case(
        "a signature for another action",
        _signed(query="Action=AssumeRole&Version=2011-06-15"),
        rule=_ONLY,
    ),
    _case("a signature for another version", _signed(query="Action=GetCallerIdentity&Version=2012-06-15"), rule=_ONLY),
    _case(
        "a further query parameter",
        _signed(query="Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Expires=9999"),
        rule=_ONLY,
    ),
    _case("a percent-encoded action", _signed(query="Action=GetCaller%49dentity&Version=2011-06-15"), rule=_ONLY),
    _case("a signature for the method GET", _signed(method="GET"), rule=_ONLY),
    _case("a host that is not AWS", _signed(host="sts.us-east-1.amazonaws.com.example.com"), rule=_ONLY),
    _case("the host of another AWS service", _signed(host="iam.amazonaws.com"), rule=_ONLY),
    _case("the host of another partition", _signed(host="sts.cn-north-1.amazonaws.com.cn"), rule=_ONLY),
    _case(
        "a signed host other than the URL's",
        _after_signing(_url(lambda url: url.replace(f"sts.{REGION}", "sts.eu-west-1"))),
        rule="the signed host must be the URL's host",
    ),
    _case("plain HTTP", _after_signing(_url(lambda url: url.replace("https://", "http://"))), rule=_ONLY),
    _case("a port in the URL", _after_signing(_url(lambda url: url.replace(".com/", ".com:8443/"))), rule=_ONLY),
    _case("a user in the URL", _after_signing(_url(lambda url: url.replace("https://", "https://sts@"))), rule=_ONLY),
    # For whom
    _case("a token signed for another provider", _signed(target=_OTHER_AUDIENCE), rule=_TARGET),
    _case("a token for a foreign target", _signed(target="//iam.googleapis.com/projects/1"), rule=_TARGET),
    _case("a token without a target", _signed(target=None), rule=_HEADERS),
    _refused_by_aws(
        "a target that was signed for another provider and then changed",
        _after_signing(_header(TARGET, lambda _value: AUDIENCE), target=_OTHER_AUDIENCE),
        says="SignatureDoesNotMatch",
    ),
    _case("a target given twice", _after_signing(_added(TARGET, AUDIENCE)), rule="no header may be repeated"),
    _case(
        "a target given twice in another case",
        _after_signing(_added(TARGET.upper(), _OTHER_AUDIENCE)),
        rule="no header may be repeated",
    ),
    # What was changed
    _refused_by_aws(
        "a changed signature", _after_signing(_header("authorization", _flip_last)), says="SignatureDoesNotMatch"
    ),
    _refused_by_aws(
        "a changed date", _after_signing(_header("x-amz-date", _an_hour_earlier)), says="SignatureDoesNotMatch"
    ),
    _refused_by_aws("another session's token", _session_of_another),
    _case(
        "a body",
        _after_signing(lambda made: {**made, "body": "Action=AssumeRole"}),
        rule="the subject token must be an object of url, method and headers",
    ),
    _case("a further header", _after_signing(_added("x-amz-content-sha256", "UNSIGNED-PAYLOAD")), rule=_HEADERS),
    _case(
        "no session token",
        _after_signing(lambda made: without(made, "x-amz-security-token")),
        rule=_LIST,
        part=Part.CALLER,
    ),
    _case(
        "a session token that is not signed",
        _after_signing(_header("authorization", lambda value: value.replace(";x-amz-security-token", ""))),
        rule=_LIST,
        part=Part.CALLER,
    ),
    _case(
        "a signed-header list without the host",
        _after_signing(_header("authorization", lambda value: value.replace("SignedHeaders=host;", "SignedHeaders="))),
        rule=_LIST,
        part=Part.CALLER,
    ),
    _refused_by_aws(
        "a signed-header list without the target",
        _after_signing(_header("authorization", lambda value: value.replace(f";{TARGET}", ""))),
        says="SignatureDoesNotMatch",
    ),
    _case(
        "a bearer token in place of a signature",
        _after_signing(_header("authorization", lambda _value: f"Bearer {ACCOUNT}")),
        rule="Authorization must be an AWS Signature Version 4",
        part=Part.CALLER,
    ),
    # By whom, and when
    _refused_by_aws("an unknown key", _unknown_key, right=_whole_keys, says="InvalidClientTokenId"),
    _refused_by_aws("a role's key without its session", _without_session, right=_whole_keys),
    Case(
        name="a signature that is replayed after a quarter of an hour",
        change="it comes within a quarter of an hour",
        wrong=lambda world: world.turn_clock(minutes=16),
        right=lambda world: world.turn_clock(),
        link=Link.TOKEN_EXCHANGE,
        part=Part.CALLER,
        rule="AWS accepts a signature for 15 minutes around its date",
        status=400,
        error="invalid_grant",
    ),
    Case(
        name="a signature from the future",
        change="it comes within a quarter of an hour",
        wrong=lambda world: world.turn_clock(minutes=-16),
        right=lambda world: world.turn_clock(),
        link=Link.TOKEN_EXCHANGE,
        part=Part.CALLER,
        rule="AWS accepts a signature for 15 minutes around its date",
        status=400,
        error="invalid_grant",
    ),
)
