"""AWS Signature Version 4 of a form that is posted to AWS STS. Standard library only.

google-auth's signer signs for AWS's public hosts alone: it refuses plain http, and takes the service from the host's
first label. AWS's SDKs sign for the address that is asked, which may be an endpoint of another name.
Source: AWS IAM, "Create a signed AWS API request".
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from typing import Protocol
from urllib.parse import urlsplit

FORM = "application/x-www-form-urlencoded"
_ALGORITHM = "AWS4-HMAC-SHA256"
_PORTS = {"http": 80, "https": 443}


class Session(Protocol):
    """A role's session, as google-auth has it."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None


def signed_headers(session: Session, *, url: str, region: str, body: str, now: datetime) -> dict[str, str]:
    """The headers of a POST request.

    Args:
        session: Who signs.
        url: The address that is asked, without a query.
        region: The region of the AWS STS that is asked.
        body: The form.
        now: The time, in UTC.
    """
    place, stamp = urlsplit(url), f"{now:%Y%m%dT%H%M%SZ}"
    port = "" if place.port in (None, _PORTS[place.scheme]) else f":{place.port}"
    headers = {"content-type": FORM, "host": f"{place.hostname}{port}", "x-amz-date": stamp}
    if session.session_token:
        headers["x-amz-security-token"] = session.session_token
    names, lines = ";".join(sorted(headers)), [f"{name}:{headers[name]}" for name in sorted(headers)]
    request = "\n".join(["POST", place.path or "/", "", *lines, "", names, _digest(body)])
    scope = (stamp[:8], region, "sts", "aws4_request")
    text = "\n".join([_ALGORITHM, stamp, "/".join(scope), _digest(request)])
    key = f"AWS4{session.secret_access_key}".encode()
    for part in (*scope, text):
        key = hmac.digest(key, part.encode(), "sha256")
    credential = f"{session.access_key_id}/{'/'.join(scope)}"
    authorization = f"{_ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={key.hex()}"
    return {**headers, "authorization": authorization}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
