"""Signatures that hold, of something else than a fresh GetCallerIdentity for this audience."""

from __future__ import annotations

from federation_emulator.core.trace import Link, Part
from tests.denials.case import By, Case, having, right_caller
from tests.denials.signatures import header, malformed, refused_by_aws, signed, url
from tests.denials.world import World
from tests.emulator.chain import ACCOUNT, AUDIENCE, MAPPING, POOL_PATH, POOLS_PATH, Keys
from tests.emulator.signing import QUERY, TARGET

_SIBLING = AUDIENCE.replace("aws-provider", "other-provider")
_STRANGER = AUDIENCE.replace("keyless-pool", "other-pool")


def _for_sibling(world: World) -> None:
    """Sign for another provider, which is there and would take it."""
    _make_provider(world, POOL_PATH, "other-provider")
    world.signing = {"target": _SIBLING}


def _for_stranger(world: World) -> None:
    """Sign for the provider of another pool, which is there and would take it."""
    world.google.done("POST", f"{POOLS_PATH}?workloadIdentityPoolId=other-pool", {})
    _make_provider(world, f"{POOLS_PATH}/other-pool", "aws-provider")
    world.signing = {"target": _STRANGER}


def _make_provider(world: World, pool_path: str, name: str) -> None:
    body = {"aws": {"accountId": ACCOUNT}, "attributeMapping": MAPPING}
    world.google.done("POST", f"{pool_path}/providers?workloadIdentityPoolProviderId={name}", body)


def _without_session(world: World) -> None:
    world.keys = Keys(world.right_keys.key, world.right_keys.secret)


def _at_another_time(name: str, *, minutes: int) -> Case:
    rule = "AWS accepts a signature for 15 minutes around its date"
    return By(Link.TOKEN_EXCHANGE, Part.CALLER, rule, 400, "invalid_grant")(
        name,
        "it comes within a quarter of an hour",
        lambda world: world.turn_clock(minutes=minutes),
        lambda world: world.turn_clock(),
    )


_ONLY = "the signed request must be GetCallerIdentity at AWS STS and nothing else"
_TARGET = f"{TARGET} must name the audience of this exchange"
_HEADERS = "the headers must be those of a plain signed GetCallerIdentity"
_SCOPE = "the credential scope must name the service sts and the host's region"
_TO = f"signed for `https://sts.REGION.amazonaws.com?{QUERY}`"
_FOR = "signed for the provider that it is shown to"

_WHAT = (
    malformed(
        "a signature for another region",
        "signed for the region of the host",
        signed(region="eu-west-1"),
        rule=_SCOPE,
        part=Part.CALLER,
    ),
    malformed("a signature for another service", "signed for sts", signed(service="s3"), rule=_SCOPE, part=Part.CALLER),
    malformed("a signature for another action", _TO, signed(query="Action=AssumeRole&Version=2011-06-15"), rule=_ONLY),
    malformed("a signature for another version", _TO, signed(query=QUERY.replace("2011", "2012")), rule=_ONLY),
    malformed("a further query parameter", _TO, signed(query=f"{QUERY}&X-Amz-Expires=9999"), rule=_ONLY),
    malformed("a second action in the query", _TO, signed(query=f"{QUERY}&Action=AssumeRole"), rule=_ONLY),
    malformed("a percent-encoded action", _TO, signed(query=QUERY.replace("Identity", "%49dentity")), rule=_ONLY),
    malformed("a signature for the method GET", "signed for POST", signed(method="GET"), rule=_ONLY),
    malformed("a host that is not AWS", _TO, signed(host="sts.us-east-1.amazonaws.com.example.com"), rule=_ONLY),
    malformed("a host of the server's own machine", _TO, signed(host="127.0.0.1"), rule=_ONLY),
    malformed("the host of another AWS service", _TO, signed(host="iam.amazonaws.com"), rule=_ONLY),
    malformed("the host of another partition", _TO, signed(host="sts.cn-north-1.amazonaws.com.cn"), rule=_ONLY),
    malformed("plain HTTP", _TO, url("https://", "http://"), rule=_ONLY),
    malformed("a port in the URL", _TO, url(".com/", ".com:8443/"), rule=_ONLY),
    malformed("a user in the URL", _TO, url("https://", "https://sts@"), rule=_ONLY),
    refused_by_aws("a signature over a body", "signed over no body", signed(body=b"Action=AssumeRole")),
)

_FOR_WHOM = (
    malformed("a token for another provider of the pool", _FOR, _for_sibling, rule=_TARGET),
    malformed("a token for the provider of another pool", _FOR, _for_stranger, rule=_TARGET),
    malformed("a token for a foreign target", _FOR, signed(target="//iam.googleapis.com/projects/1"), rule=_TARGET),
    malformed("a token for a target with a slash behind it", _FOR, signed(target=f"{AUDIENCE}/"), rule=_TARGET),
    malformed("a token without a target", "with the target header", signed(target=None), rule=_HEADERS),
    refused_by_aws(
        "a target that was signed for another provider and then changed",
        _FOR,
        header(TARGET, lambda _value: AUDIENCE, target=_SIBLING),
    ),
)

_BY_WHOM_AND_WHEN = (
    refused_by_aws(
        "an unknown key",
        "a key that AWS knows",
        having(keys=Keys("ASIAUNKNOWNUNKNOWN00", "not-a-known-secret", "not-a-known-session")),
        right=right_caller,
        actual="InvalidClientTokenId",
        says="Received invalid AWS response of type InvalidClientTokenId with error message: The security token "
        "included in the request is invalid.",
    ),
    refused_by_aws(
        "a role's key without its session",
        "with its session",
        _without_session,
        right=right_caller,
        actual="InvalidClientTokenId",
    ),
    _at_another_time("a signature that is replayed after a quarter of an hour", minutes=16),
    _at_another_time("a signature from the future", minutes=-16),
)

CASES = (*_WHAT, *_FOR_WHOM, *_BY_WHOM_AND_WHEN)
