"""From the subject token's text to a signed request that is safe to send on to AWS.

The subject token is chosen by the client, so nothing in it is believed before it is checked, and it never decides
where a request goes: the host is only compared, the request always goes to the configured AWS.

Checked here because the local AWS is laxer than AWS (measured, ministack 1.5.33). It answers

* an ``Authorization`` that isn't SigV4 (``Bearer x``) with the *root user* of its account;
* a signature whose scope names another region than the host, and any signed host at all;
* a session token that isn't among the signed headers;
* a query without ``Version``, and the method GET;
* a header named in ``SignedHeaders`` but absent, as if it were there and empty.

Tampered signatures, bodies, dates and hosts, dates off by more than 15 minutes, and unknown keys or session tokens
it does refuse, and its word is passed on.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn
from urllib.parse import unquote

from local_cloud.errors import OAuthError
from local_cloud.services.sts.model import SignedRequest
from local_cloud.trace import Part, Refusal, Refused

QUERY = "Action=GetCallerIdentity&Version=2011-06-15"
TARGET_HEADER = "x-goog-cloud-target-resource"
CLOCK_SKEW = timedelta(minutes=15)
"""AWS refuses a signature older or newer than this."""

MOST_TOKEN_CHARACTERS = 32 * 1024

_REGION = r"[a-z]{2}(?:-[a-z]+){1,2}-\d"
_URL = re.compile(rf"https://(?P<host>sts\.(?:(?P<region>{_REGION})\.)?amazonaws\.com)/?\?{re.escape(QUERY)}")
_AUTHORIZATION = re.compile(
    rf"AWS4-HMAC-SHA256 Credential=(?P<key>[A-Za-z0-9]{{4,128}})/(?P<date>\d{{8}})/(?P<region>{_REGION})/"
    r"(?P<service>[a-z0-9-]+)/aws4_request, ?SignedHeaders=(?P<signed>[a-z0-9;-]+), ?Signature=[0-9a-f]{64}"
)
_AMZ_DATE = re.compile(r"\d{8}T\d{6}Z")
_MUST_SIGN = {"host", "x-amz-date"}
_MAY_SEND = _MUST_SIGN | {"authorization", "x-amz-security-token", TARGET_HEADER}
_GLOBAL_REGION = "us-east-1"
"""The global host ``sts.amazonaws.com`` is signed for this region."""


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
    host, host_region = _endpoint(document["method"], document["url"], headers)
    _check_target(headers, audience)
    scope, signed = _scope(headers, host_region)
    _check_signed(headers, signed)
    _check_date(headers["x-amz-date"], scope["date"], now)
    forwarded = {name: value for name, value in headers.items() if name == "authorization" or name in signed}
    return SignedRequest(host=host, region=scope["region"], access_key_id=scope["key"], headers=forwarded)


def _refuse(rule: str, *, saw: str, wanted: str, mend: str, part: Part = Part.REQUEST) -> NoReturn:
    raise Refused(
        Refusal(part=part, rule=rule, saw=saw, wanted=wanted, mend=mend),
        OAuthError("invalid_request", "AWS request has invalid format."),
    )


def _parse(text: str) -> dict[str, Any]:
    problem = "" if len(text) <= MOST_TOKEN_CHARACTERS else f"it has {len(text)} characters"
    document: Any = None
    if not problem:
        try:
            document = json.loads(unquote(text, errors="strict"))
        except (ValueError, RecursionError) as error:
            # Only the kind of error: a JSON error quotes nothing, but a decoding error quotes the token.
            problem = type(error).__name__
    if problem:
        raise Refused(
            Refusal(
                part=Part.REQUEST,
                rule="the subject token must be URL-encoded JSON",
                saw=problem,
                wanted=f"JSON of at most {MOST_TOKEN_CHARACTERS} characters",
                mend="send what google-auth makes: JSON, URL-encoded once, then encoded again by the form",
            ),
            OAuthError(
                "invalid_request",
                "Invalid format of AWS credentials:Error at line 0:0: Unexpected end of stream : expected '{'",
            ),
        )
    if not isinstance(document, dict) or set(document) != {"url", "method", "headers"}:
        keys = sorted(map(str, document))[:10] if isinstance(document, dict) else type(document).__name__
        _refuse(
            "the subject token must be an object of url, method and headers",
            saw=f"{keys}",
            wanted="exactly the keys url, method, headers",
            mend="send the request that was signed, nothing else",
        )
    return document


def _headers(listed: object) -> dict[str, str]:
    if not isinstance(listed, list) or not all(
        isinstance(entry, dict)
        and set(entry) == {"key", "value"}
        and isinstance(entry["key"], str)
        and isinstance(entry["value"], str)
        for entry in listed
    ):
        _refuse(
            "headers must be a list of {key, value} with string values",
            saw=type(listed).__name__,
            wanted="[{key, value}, …]",
            mend="list each header once, as google-auth does",
        )
    names = [entry["key"].lower() for entry in listed]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        _refuse(
            "no header may be repeated, whatever its case",
            saw=f"{', '.join(repeated)} more than once",
            wanted="each header once",
            mend="remove the second one: two values leave open which one was signed",
        )
    unexpected = sorted(set(names) - _MAY_SEND)
    missing = sorted((_MUST_SIGN | {"authorization", TARGET_HEADER}) - set(names))
    if unexpected or missing:
        _refuse(
            "the headers must be those of a plain signed GetCallerIdentity and the target resource",
            saw=f"unexpected {unexpected}, missing {missing}",
            wanted=", ".join(sorted(_MAY_SEND)),
            mend="sign only host, x-amz-date, x-amz-security-token and the target header",
        )
    headers = dict(zip(names, (entry["value"] for entry in listed), strict=True))
    unprintable = [name for name, value in headers.items() if not (value.isascii() and value.isprintable())]
    if unprintable:
        _refuse(
            "header values must be printable ASCII",
            saw=f"other characters in {', '.join(unprintable)}",
            wanted="printable ASCII",
            mend="send the headers as they were signed",
        )
    return headers


def _endpoint(method: object, url: object, headers: dict[str, str]) -> tuple[str, str]:
    wanted = f"POST https://sts.REGION.amazonaws.com?{QUERY}"
    found = _URL.fullmatch(url) if isinstance(url, str) else None
    if method != "POST" or found is None:
        _refuse(
            "the signed request must be GetCallerIdentity at AWS STS and nothing else",
            saw=f"{method!s:.10} {url!s:.200}",
            wanted=wanted,
            mend="keep regional_cred_verification_url in the credential configuration as gcloud writes it",
        )
    if headers["host"] != found["host"]:
        _refuse(
            "the signed host must be the URL's host",
            saw=headers["host"],
            wanted=found["host"],
            mend="sign the request for the host that its URL names",
        )
    return found["host"], found["region"] or _GLOBAL_REGION


def _check_target(headers: dict[str, str], audience: str) -> None:
    target = headers[TARGET_HEADER]
    if target not in {audience, f"https:{audience}"}:
        _refuse(
            f"{TARGET_HEADER} must name the audience of this exchange",
            saw=target,
            wanted=audience,
            mend="use one credential configuration for both; a token made for another provider is not accepted",
        )


def _scope(headers: dict[str, str], host_region: str) -> tuple[re.Match[str], set[str]]:
    found = _AUTHORIZATION.fullmatch(headers["authorization"])
    if found is None:
        _refuse(
            "Authorization must be an AWS Signature Version 4",
            saw=f"scheme {headers['authorization'].partition(' ')[0][:30]!r}",
            wanted="AWS4-HMAC-SHA256 Credential=…/DATE/REGION/sts/aws4_request, SignedHeaders=…, Signature=…",
            mend="sign with SigV4 (not SigV4A) for the service sts",
            part=Part.CALLER,
        )
    if found["service"] != "sts" or found["region"] != host_region:
        _refuse(
            "the credential scope must name the service sts and the host's region",
            saw=f"{found['region']}/{found['service']}",
            wanted=f"{host_region}/sts",
            mend="set AWS_REGION to the region whose STS host is signed for",
            part=Part.CALLER,
        )
    return found, set(found["signed"].split(";"))


def _check_signed(headers: dict[str, str], signed: set[str]) -> None:
    must = _MUST_SIGN | ({"x-amz-security-token"} & set(headers))
    unsigned, absent = sorted(must - signed), sorted(signed - set(headers))
    if unsigned or absent or "authorization" in signed:
        _refuse(
            "host, date and session token must be signed, and every signed header must be there",
            saw=f"unsigned {unsigned}, signed but absent {absent}",
            wanted=f"SignedHeaders with {', '.join(sorted(must))}",
            mend="send exactly the headers that were signed; only the target header may be added after signing",
            part=Part.CALLER,
        )


def _check_date(amz_date: str, scope_date: str, now: datetime) -> None:
    signed_at: datetime | None = None
    if _AMZ_DATE.fullmatch(amz_date):
        try:
            signed_at = datetime.strptime(amz_date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        except ValueError:
            signed_at = None
    if signed_at is None or amz_date[:8] != scope_date:
        _refuse(
            "x-amz-date must be a UTC time on the credential scope's day",
            saw=f"{amz_date[:40]}, scope {scope_date}",
            wanted="YYYYMMDDTHHMMSSZ",
            mend="sign again with one clock reading",
            part=Part.CALLER,
        )
    if abs(now - signed_at) > CLOCK_SKEW:
        stamp = now.strftime("%Y%m%dT%H%M%SZ")
        late = signed_at < now
        verdict = "Signature expired" if late else "Signature not yet current"
        raise Refused(
            Refusal(
                part=Part.CALLER,
                rule="AWS accepts a signature for 15 minutes around its date",
                saw=f"signed {amz_date}, now {stamp}",
                wanted=f"within 15 minutes of {stamp}",
                mend="sign anew for each exchange, and set the clock right",
            ),
            OAuthError(
                "invalid_grant",
                "Received invalid AWS response of type SignatureDoesNotMatch with error message: "
                f"{verdict}: {amz_date} is more than 15 minutes {'before' if late else 'after'} {stamp}.",
            ),
        )
