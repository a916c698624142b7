"""Whether a signed request is a fresh GetCallerIdentity for one audience, and nothing else. Pure.

Checked here because the AWS that is asked may be laxer than AWS (measured, ministack 1.5.33). It answers

* an ``Authorization`` that isn't SigV4 (``Bearer x``) with the *root user* of its account, and does not check the
  root user's signature; the local AWS that ``serve`` starts does;
* a signature whose scope names another region than the host, and any signed host at all;
* a session token that isn't among the signed headers;
* a query without ``Version``, and the method GET;
* a header named in ``SignedHeaders`` but absent, as if it were there and empty.

Tampered signatures, bodies, dates and hosts, dates off by more than 15 minutes, and unknown keys or session tokens
it does refuse, and its word is passed on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NoReturn

from federation_emulator.core.errors import OAuthError
from federation_emulator.core.trace import Check, Part, refuse
from federation_emulator.services.sts.model import QUERY, TARGET_HEADER, SignedRequest

CLOCK_SKEW = timedelta(minutes=15)
"""AWS refuses a signature older or newer than this."""

REGIONS = frozenset(
    {
        *("af-south-1", "ca-central-1", "ca-west-1", "il-central-1", "mx-central-1", "sa-east-1", "sa-west-1"),
        *("ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-south-2"),
        *("ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5"),
        *("ap-southeast-6", "ap-southeast-7", "me-central-1", "me-south-1", "me-west-1"),
        *("eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2"),
        *("eu-west-3", "us-east-1", "us-east-2", "us-west-1", "us-west-2"),
    }
)
"""AWS's standard partition, opt-in regions included, as botocore lists it. A host of any other name isn't AWS STS: it
could belong to anyone. The FIPS hosts are left out, since Google's reference names none."""

_MUST_SIGN = {"host", "x-amz-date"}
_MAY_SEND = _MUST_SIGN | {"authorization", "x-amz-security-token", TARGET_HEADER}
_GLOBAL_REGION = "us-east-1"
"""The global host ``sts.amazonaws.com`` is signed for this region."""

_URL = re.compile(rf"https://(?P<host>sts\.(?:(?P<region>[a-z0-9-]+)\.)?amazonaws\.com)/?\?{re.escape(QUERY)}")
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[A-Za-z0-9]{4,128})/(?P<date>\d{8})/(?P<region>[a-z0-9-]+)/"
    r"(?P<service>[a-z0-9-]+)/aws4_request, ?SignedHeaders=(?P<signed>[a-z0-9;-]+), ?Signature=[0-9a-f]{64}",
    re.ASCII,
)
_KEY_ID = re.compile(r"A[KS]IA[A-Z0-9]{16}")
"""IAM, "Unique identifiers": a user's access key id, or a session's. AWS issues base32; the local AWS hexadecimal."""

_AMZ_DATE = re.compile(r"\d{8}T\d{6}Z", re.ASCII)
_SCHEMES = {"AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256", "AWS", "AWS3", "Bearer", "Basic"}


def check(method: object, url: object, headers: Mapping[str, str], *, audience: str, now: datetime) -> SignedRequest:
    """Check a request that a workload signed and never sent.

    Headers are by lower-case name. The target header must name the audience, with or without ``https:``.

    Raises:
        Refused: It is anything else. See :func:`federation_emulator.services.sts.subject_token.read_subject_token`.
    """
    _check_headers(headers)
    host, host_region = _endpoint(method, url, headers)
    _check_target(headers, audience)
    scope, signed = _scope(headers, host_region)
    _check_signed(headers, signed)
    _check_date(headers["x-amz-date"], scope["date"], now)
    forwarded = {name: value for name, value in headers.items() if name == "authorization" or name in signed}
    return SignedRequest(host=host, region=scope["region"], access_key_id=scope["key"], headers=forwarded)


def refuse_format(
    rule: str, *, actual: str, expected: str, fix: str, part: Part = Part.REQUEST, check: Check | None = None
) -> NoReturn:
    """Refuse a subject token of the wrong shape, in Google's words for it."""
    refuse(
        part,
        check=check,
        rule=rule,
        actual=actual,
        expected=expected,
        fix=fix,
        answer=OAuthError("invalid_request", "AWS request has invalid format."),
    )


def _check_headers(headers: Mapping[str, str]) -> None:
    unexpected = sorted(set(headers) - _MAY_SEND)
    missing = sorted((_MUST_SIGN | {"authorization", TARGET_HEADER}) - set(headers))
    if unexpected or missing:
        refuse_format(
            "the headers must be those of a plain signed GetCallerIdentity and the target resource",
            actual=f"unexpected {[name[:40] for name in unexpected[:10]]}, missing {missing}",
            expected=", ".join(sorted(_MAY_SEND)),
            fix="sign only host, x-amz-date, x-amz-security-token and the target header",
        )
    # Spaces at the ends, or two in a row, are not part of what is signed: SigV4 leaves them out.
    unclean = [
        name
        for name, value in headers.items()
        if not (value.isascii() and value.isprintable()) or value != " ".join(value.split())
    ]
    if unclean:
        refuse_format(
            "header values must be printable ASCII, without spaces at their ends",
            actual=f"others in {', '.join(unclean)}",
            expected="printable ASCII",
            fix="send the headers as they were signed",
        )


def _endpoint(method: object, url: object, headers: Mapping[str, str]) -> tuple[str, str]:
    found = _URL.fullmatch(url) if isinstance(url, str) else None
    region = found["region"] or _GLOBAL_REGION if found else ""
    if method != "POST" or found is None or region not in REGIONS:
        refuse_format(
            "the signed request must be GetCallerIdentity at AWS STS and nothing else",
            actual=f"{method!s:.10} {_shown(url)}",
            expected=f"POST https://sts.REGION.amazonaws.com?{QUERY}",
            fix="keep regional_cred_verification_url in the credential configuration as gcloud writes it",
        )
    if headers["host"] != found["host"]:
        refuse_format(
            "the signed host must be the URL's host",
            actual=headers["host"][:200],
            expected=found["host"],
            fix="sign the request for the host that its URL names",
        )
    return found["host"], region


def _shown(url: object) -> str:
    """A URL for the trace, without what may be a secret in it: user and password, and values of its query."""
    if not isinstance(url, str):
        return type(url).__name__
    place, _, query = url.partition("?")
    scheme, slashes, rest = place.rpartition("//")
    *user, address = rest.split("@")
    names = [pair.partition("=")[0][:40] for pair in query.split("&")[:10]] if query else []
    shown = (
        url if query == QUERY and not user else f"{scheme}{slashes}{'…@' if user else ''}{address}?{', '.join(names)}"
    )
    return shown[:200]


def _check_target(headers: Mapping[str, str], audience: str) -> None:
    target = headers[TARGET_HEADER]
    if target not in {audience, f"https:{audience}"}:
        refuse_format(
            f"{TARGET_HEADER} must name the audience of this exchange",
            check=Check.AUDIENCE,
            actual=target or "nothing",
            expected=audience,
            fix="use one credential configuration for both; a token made for another provider is not accepted",
        )


def _scope(headers: Mapping[str, str], host_region: str) -> tuple[re.Match[str], list[str]]:
    found = _AUTHORIZATION.fullmatch(headers["authorization"])
    if found is None:
        scheme = headers["authorization"].partition(" ")[0]
        refuse_format(
            "Authorization must be an AWS Signature Version 4",
            actual=f"scheme {scheme!r}" if scheme in _SCHEMES else "another scheme, or none",
            expected="AWS4-HMAC-SHA256 Credential=…/DATE/REGION/sts/aws4_request, SignedHeaders=…, Signature=…",
            fix="sign with SigV4 (not SigV4A) for the service sts",
            part=Part.CALLER,
        )
    if found["service"] != "sts" or found["region"] != host_region:
        refuse_format(
            "the credential scope must name the service sts and the host's region",
            actual=f"{found['region'][:40]}/{found['service'][:40]}",
            expected=f"{host_region}/sts",
            fix="set AWS_REGION to the region whose STS host is signed for",
            part=Part.CALLER,
        )
    _check_key_id(found["key"])
    return found, found["signed"].split(";")


def _check_key_id(key_id: str) -> None:
    """Insist on an id that AWS can have issued. The local AWS takes an account's number for its root user's key."""
    if _KEY_ID.fullmatch(key_id):
        return
    refuse(
        Part.CALLER,
        rule="the access key id must be one that AWS issues",
        # Not the id itself: a secret may have been sent for it.
        actual=f"{len(key_id)} characters of another form",
        expected="AKIA or ASIA, and 16 capitals and digits",
        fix="sign with the session's own credentials",
        answer=OAuthError(
            "invalid_grant",
            "Received invalid AWS response of type InvalidClientTokenId with error message: The security token "
            "included in the request is invalid.",
        ),
    )


def _check_signed(headers: Mapping[str, str], signed: list[str]) -> None:
    must = _MUST_SIGN | ({"x-amz-security-token"} & set(headers))
    unsigned, absent = sorted(must - set(signed)), sorted(set(signed) - set(headers))
    if unsigned or absent or "authorization" in signed or signed != sorted(set(signed)):
        refuse_format(
            "host, date and session token must be signed, and every signed header must be there",
            actual=f"unsigned {unsigned}, signed but absent {[name[:40] for name in absent[:10]]}, or not in order",
            expected=f"SignedHeaders with {', '.join(sorted(must))}, each once and in order",
            fix="send exactly the headers that were signed; only the target header may be added after signing",
            part=Part.CALLER,
        )


def _check_date(amz_date: str, scope_date: str, now: datetime) -> None:
    signed_at: datetime | None = None
    if _AMZ_DATE.fullmatch(amz_date):
        try:
            signed_at = datetime.fromisoformat(amz_date)
        except ValueError:
            signed_at = None
    if signed_at is None or amz_date[:8] != scope_date:
        refuse_format(
            "x-amz-date must be a UTC time on the credential scope's day",
            actual=f"{amz_date[:40] or 'nothing'}, scope {scope_date}",
            expected="YYYYMMDDTHHMMSSZ",
            fix="sign again with one clock reading",
            part=Part.CALLER,
        )
    if abs(now - signed_at) <= CLOCK_SKEW:
        return
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    late = signed_at < now
    edge = (now - CLOCK_SKEW if late else now + CLOCK_SKEW).strftime("%Y%m%dT%H%M%SZ")
    verdict = (
        f"Signature expired: {amz_date} is now earlier than {edge} ({stamp} - 15 min.)"
        if late
        else f"Signature not yet current: {amz_date} is still later than {edge} ({stamp} + 15 min.)"
    )
    refuse(
        Part.CALLER,
        rule="AWS accepts a signature for 15 minutes around its date",
        actual=f"signed {amz_date}, now {stamp}",
        expected=f"within 15 minutes of {stamp}",
        fix="sign anew for each exchange, and set the clock right",
        answer=OAuthError(
            "invalid_grant",
            f"Received invalid AWS response of type SignatureDoesNotMatch with error message: {verdict}",
        ),
    )
