"""Subject tokens made by hand, for attacks. Signed by botocore, a second opinion next to google-auth's own signer."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.emulator.chain import AUDIENCE, REGION, SCOPE, Keys
from tests.emulator.google_server import Google

QUERY = "Action=GetCallerIdentity&Version=2011-06-15"
TARGET = "x-goog-cloud-target-resource"
Document = dict[str, Any]


def document(
    keys: Keys,
    *,
    host: str = f"sts.{REGION}.amazonaws.com",
    region: str = REGION,
    service: str = "sts",
    query: str = QUERY,
    method: str = "POST",
    target: str | None = AUDIENCE,
    sign_target: bool = True,
    body: bytes = b"",
) -> Document:
    """A signed GetCallerIdentity as the subject token's JSON; a ``body`` is signed, and has no place in it."""
    url = f"https://{host}/?{query}"
    headers = {TARGET: target} if sign_target and target is not None else {}
    request = AWSRequest(method=method, url=url, data=body, headers={"host": host, **headers})
    signer = SigV4Auth(Credentials(keys.key, keys.secret, keys.token or None), service, region)
    signer.add_auth(request)
    listed = [{"key": name, "value": str(value)} for name, value in request.headers.items()]
    if target is not None and not sign_target:
        listed.append({"key": TARGET, "value": target})
    return {"url": url, "method": method, "headers": listed}


def header(made: Document, name: str) -> dict[str, str]:
    """The entry of one header, to be changed in place."""
    found: dict[str, str] = next(entry for entry in made["headers"] if entry["key"].lower() == name)
    return found


def edited(made: Document, name: str, edit: Callable[[str], str]) -> Document:
    """The document with one header's value changed after signing."""
    entry = header(made, name)
    entry["value"] = edit(entry["value"])
    return made


def without(made: Document, name: str) -> Document:
    """The document without one header."""
    return {**made, "headers": [entry for entry in made["headers"] if entry["key"].lower() != name]}


def form(token: Document | str, **changes: str) -> dict[str, str]:
    """The fields of an exchange; an empty change leaves a field out."""
    text = token if isinstance(token, str) else quote(json.dumps(token))
    fields = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "audience": AUDIENCE,
        "scope": SCOPE,
        "requested_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "subject_token_type": "urn:ietf:params:aws:token-type:aws4_request",
        "subject_token": text,
        **changes,
    }
    return {name: value for name, value in fields.items() if value}


def exchange(google: Google, token: Document | str, **changes: str) -> requests.Response:
    """Post an exchange as a form, without an Authorization header."""
    return google.session.post(f"{google.url}/v1/token", data=form(token, **changes), timeout=20)
