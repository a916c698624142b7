"""AWS Signature Version 4 of a form that is posted to AWS. Standard library only.

google-auth's signer signs for AWS's public hosts alone: it refuses plain http, and takes the service from the host's
first label. AWS's SDKs sign for the address that is asked, which may be an endpoint of another name.
Source: AWS IAM, "Create a signed AWS API request".
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Protocol
from urllib.parse import urlsplit

FORM = "application/x-www-form-urlencoded"
_OF_A_FORM: Mapping[str, str] = {"content-type": FORM}
_ALGORITHM = "AWS4-HMAC-SHA256"
_PORTS = {"http": 80, "https": 443}


class Session(Protocol):
    """A role's session, as google-auth has it."""

    @property
    def access_key_id(self) -> str: ...  # noqa: D102  (these three are AWS's words)

    @property
    def secret_access_key(self) -> str: ...  # noqa: D102

    @property
    def session_token(self) -> str | None: ...  # noqa: D102


def signed_headers(
    session: Session,
    *,
    url: str,
    region: str,
    body: str,
    now: datetime,
    service: str = "sts",
    headers: Mapping[str, str] = _OF_A_FORM,
) -> dict[str, str]:
    """The headers of a POST request.

    Args:
        session: Who signs.
        url: The address that is asked; a query in it is sorted and percent-encoded.
        region: The region of the AWS service that is asked.
        body: The form.
        now: The time, in UTC.
        service: The service that is asked, as AWS signs its name.
        headers: What is signed besides the host, the date and the session, with names in lower case.
    """
    place, stamp = urlsplit(url), f"{now:%Y%m%dT%H%M%SZ}"
    port = "" if place.port in (None, _PORTS[place.scheme]) else f":{place.port}"
    headers = {**headers, "host": f"{place.hostname}{port}", "x-amz-date": stamp}
    if session.session_token:
        headers["x-amz-security-token"] = session.session_token
    names, lines = ";".join(sorted(headers)), [f"{name}:{headers[name]}" for name in sorted(headers)]
    request = "\n".join(["POST", place.path or "/", place.query, *lines, "", names, _digest(body)])
    scope = (stamp[:8], region, service, "aws4_request")
    text = "\n".join([_ALGORITHM, stamp, "/".join(scope), _digest(request)])
    key = f"AWS4{session.secret_access_key}".encode()
    for part in (*scope, text):
        key = hmac.digest(key, part.encode(), "sha256")
    credential = f"{session.access_key_id}/{'/'.join(scope)}"
    authorization = f"{_ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={key.hex()}"
    return {**headers, "authorization": authorization}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
