"""The subject token that AWS signs for the role: asked for once for each exchange, over the session's own signature.

Imported only where the credential configuration asks for such a token.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlsplit
from xml.etree import ElementTree

import google.auth.external_account
import google.auth.identity_pool
import google.auth.transport.requests
import requests

from keyless_bigquery.runtime import token_request
from keyless_bigquery.runtime.aws_credentials import Remembering
from keyless_bigquery.runtime.deadline import OutOfTimeError, TimeLimit
from keyless_bigquery.runtime.environment import STS_ENDPOINT, sts_endpoint
from keyless_bigquery.runtime.errors import NetworkError, ReaderError, SubjectTokenError
from keyless_bigquery.runtime.signature import signed_headers

LARGEST_ANSWER_BYTES = 64 * 1024
"""An answer that is larger is none of AWS's; a token has about 2 KB."""

_PIECE_BYTES = 4096
_TOKEN = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
_KIND = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)


class WebIdentitySupplier(google.auth.identity_pool.SubjectTokenSupplier):
    """Asks AWS STS for a token that names the role.

    Nothing is kept, as :class:`~keyless_bigquery.runtime.aws_credentials.RoleSessionSupplier` keeps nothing.

    Args:
        session: The role's session, with which the request is signed. It remembers the token as it does its secrets.
        environ: The process's variables, looked at anew each time.
        limit: The time that is left.
    """

    def __init__(self, session: Remembering, environ: Mapping[str, str], limit: TimeLimit) -> None:
        self._session = session
        self._environ = environ
        self._limit = limit

    def get_subject_token(
        self, context: google.auth.external_account.SupplierContext, request: google.auth.transport.requests.Request
    ) -> str:
        """A new token.

        Args:
            context: google-auth's, with the audience of the exchange.
            request: google-auth's own way to send, whose session keeps to the time.

        Raises:
            keyless_bigquery.runtime.errors.ReaderError: There is no session, AWS refused, or it was not AWS.
            requests.exceptions.RequestException: There was no answer.
            OutOfTimeError: The time was up.
        """
        credentials = self._session.get_aws_security_credentials(context, request)
        region = self._session.get_aws_region(context, request)
        base = sts_endpoint(self._environ) or f"https://sts.{region}.amazonaws.com"
        url, body = f"{base}/", token_request.body(context.audience)
        headers = signed_headers(credentials, url=url, region=region, body=body, now=datetime.now(UTC))
        # As a stream, so that no more is read than an answer of AWS's can have.
        with request.session.post(url, data=body.encode(), headers=headers, stream=True) as answer:
            text = self._read(answer, url)
        token = token_of(answer.status_code, text, host=urlsplit(url).netloc, kind=answer.headers.get("content-type"))
        self._session.remember(token)
        return token

    def _read(self, answer: requests.Response, url: str) -> bytes:
        body = b""
        for piece in answer.iter_content(_PIECE_BYTES):
            body += piece
            if len(body) > LARGEST_ANSWER_BYTES:
                break
            if self._limit.seconds_left <= 0:
                place = urlsplit(url)
                raise OutOfTimeError(host=place.netloc, path=place.path, answered=self._limit.answered)
        return body


def token_of(status: int, body: bytes, *, host: str, kind: str | None) -> str:
    """The token in AWS's answer.

    Args:
        status: HTTP status of the answer.
        body: Its body.
        host: Who answered.
        kind: Its content type.

    Raises:
        SubjectTokenError: AWS refused.
        NetworkError: It is no answer of AWS STS's. Nothing of it is shown.
    """
    root = _xml(body)
    name = "" if root is None else _name(root)
    if root is not None and status == requests.codes.ok and name == "GetWebIdentityTokenResponse":
        token = _only(root, "GetWebIdentityTokenResult", "WebIdentityToken")
        if _TOKEN.fullmatch(token):
            return token
    if root is not None and status != requests.codes.ok and name == "ErrorResponse":
        code, message = _only(root, "Error", "Code"), _only(root, "Error", "Message")
        if code:
            raise _refused(status, code, message)
    shown = kind.partition(";")[0].strip() if kind else ""
    raise NetworkError(
        f"{host} answered {status} with something that is no answer of AWS STS's"
        f" ({shown[:40] if _KIND.fullmatch(shown) else 'no content type'}); it is needed for the subject token",
        f"what answers in the place of AWS STS: a proxy, a firewall; and {STS_ENDPOINT} where it is set",
    )


def _refused(status: int, code: str, message: str) -> ReaderError:
    # Imported here: a start that goes well does without.
    from keyless_bigquery.runtime.signals import Refusal, signal_of
    from keyless_bigquery.runtime.web_identity_signals import TOKEN

    # The first line only: behind it AWS may repeat the request, session token included.
    first = (message.strip().splitlines() or ["no message"])[0]
    refusal = Refusal(code=status, reasons=frozenset([code]), message=first[:LARGEST_ANSWER_BYTES])
    found = signal_of(TOKEN, refusal).error(f"AWS STS refused a token for the role: {status} {code}: {first}")
    return SubjectTokenError(found.what, found.look_at, found.cause)


def _xml(body: bytes) -> ElementTree.Element | None:
    """The root of an answer; ``None``: it is too large, no XML, or has a document type, in which entities are declared.

    Read as text, so that no other encoding hides one.
    """
    try:
        text = body.decode()
        if len(body) > LARGEST_ANSWER_BYTES or "<!" in text or "\0" in text:
            return None
        return ElementTree.fromstring(text)  # noqa: S314 - bounded, and without a document type
    except (ElementTree.ParseError, ValueError):
        return None


def _only(root: ElementTree.Element, *path: str) -> str:
    """The text of the one element at a path; empty if there is none, or several."""
    found = [root]
    for name in path:
        found = [child for element in found for child in element if _name(child) == name]
    return (found[0].text or "").strip() if len(found) == 1 and not len(found[0]) else ""


def _name(element: ElementTree.Element) -> str:
    """An element's name without its namespace."""
    return element.tag.rpartition("}")[2]
