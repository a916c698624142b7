"""Which requests the local AWS takes: signed ones, for the services that it was started with. Nothing else of it.

ministack answers much more than that, most of it unsigned (read in 1.5.33, with ``AUTH=true``): its administration
below ``/_ministack/`` and ``/_localstack/``, function URLs and APIs (``/_aws/``, ``/restapis/``), load balancers
(``/_alb/``), OAuth pages (``/oauth2/``, ``/login``, ``/logout``, ``/.well-known/``), ``/iceberg``, ``/v20180820/``,
``/v2/``, Kubernetes token reviews, preflights, WebSockets, and each of these by host name too. So what is let through
is listed here, and what is not is refused.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from federation_emulator.ports.enforcement import AUTHORIZATIONS
from federation_emulator.ports.layer import App, Headers, Message, Receive, Scope, Send, answer
from federation_emulator.ports.origin import Asked, Objection, objection
from federation_emulator.ports.web_identity import ISSUER_HOST, KEY_SET

HEALTH = "/_ministack/health"

_PACKAGE = "/_ministack/lambda-code/"
_SEAL = "X-Amz-Signature"

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=\w{4,128}/\d{8}/[a-z0-9-]+/(?P<service>[a-z0-9-]+)/aws4_request, ?"
    r"SignedHeaders=[a-z0-9;-]+, ?Signature=[0-9a-f]{64}",
    re.ASCII,
)
_TARGETS = {"logs": "Logs_20140328.", "events": "AWSEvents."}
"""Services whose action is in a header, and with which prefix."""

_LAMBDA = re.compile(
    r"/20\d\d-\d\d-\d\d/(functions|layers|event-source-mappings|account-settings|tags|code-signing-configs)(/.*)?",
    re.ASCII,
)
_STS_HOST = re.compile(r"sts\.([a-z]{2}-[a-z]+-\d{1,2}\.)?amazonaws\.com", re.ASCII)
_WHO = "Action=GetCallerIdentity&Version=2011-06-15"
_WEB_IDENTITY = "AssumeRoleWithWebIdentity"
_FORM = "application/x-www-form-urlencoded"
_MOST_FORM_BYTES = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class Admission:
    """The rules of one running local AWS.

    Attributes:
        services: Services that it was started with.
        key: Seals the addresses of functions' packages, which are fetched without a signature, as on AWS.
    """

    services: Collection[str]
    key: bytes

    def problem(self, asked: Asked) -> Objection | None:
        """Say why a request is refused before its body is read."""
        return objection(asked, other_host=_may_name) or self._call_problem(asked)

    def seal(self, path: str) -> str:
        """What a package's address must carry, since its path can be guessed."""
        return hmac.new(self.key, path.encode(), hashlib.sha256).hexdigest()

    def _call_problem(self, asked: Asked) -> Objection | None:
        if asked.method == "GET" and asked.target in {HEALTH, AUTHORIZATIONS}:
            return None
        if _asks_for_keys(asked):
            return None
        query = parse_qsl(asked.query, keep_blank_values=True)
        if asked.method == "GET" and asked.target.startswith(_PACKAGE):
            seals = [value for name, value in query if name == _SEAL]
            if len(seals) == 1 and hmac.compare_digest(seals[0].encode(), self.seal(asked.path).encode()):
                return None
            return _refused("The address of the package is not one that GetFunction gave: ask for it again.")
        if [name for name, _ in query if name.lower().startswith("x-amz-") or name.lower() == "awsaccesskeyid"]:
            return _refused("Credentials in the query are not taken: send them in the Authorization header.")
        if may_be_web_identity(asked):
            return None
        given = asked.values("authorization")
        signed = _AUTHORIZATION.fullmatch(given[0]) if len(given) == 1 else None
        if signed is None:
            return _refused("The request is not signed: send one Authorization header with AWS Signature Version 4.")
        service = signed["service"]
        if service not in self.services:
            return _refused(f"The service {service:.40} is not served here, only {', '.join(sorted(self.services))}.")
        if not _is_call_of(service, asked):
            return _refused(f"{asked.method} {asked.target:.80} is no call of the service {service}.")
        return None


def may_be_web_identity(asked: Asked) -> bool:
    """Whether this may be the one call that is signed by nothing but the token in its body; the body decides."""
    form = asked.values("content-type")
    return (
        (asked.method, asked.target, asked.query) == ("POST", "/", "")
        and not any(asked.values(name) for name in ("authorization", "x-amz-target", "x-amz-content-sha256"))
        # ministack would unpack the form, and then read another than the one that is read here.
        and not any(asked.values(name) for name in ("content-encoding", "x-amz-decoded-content-length"))
        and [one.partition(";")[0].strip().lower() for one in form] == [_FORM]
    )


def _is_call_of(service: str, asked: Asked) -> bool:
    """Whether ministack will take this for a call of the service that it is signed for."""
    targets = asked.values("x-amz-target")
    if service in _TARGETS:
        call = (asked.method, asked.target, asked.query) == ("POST", "/", "")
        return call and len(targets) == 1 and targets[0].startswith(_TARGETS[service])
    if targets:
        return False
    if service == "lambda":
        return (
            asked.method in {"GET", "POST", "PUT", "DELETE"}
            and _LAMBDA.fullmatch(asked.path) is not None
            and "/." not in asked.path
        )
    if (asked.method, asked.target) != ("POST", "/"):
        return service == "sts" and (asked.method, asked.target) == ("GET", "/")
    # ministack carries out a form of any type, and asks for rights by those that say they are one, or by the query.
    form = [value for value in asked.values("content-type") if value.startswith(_FORM)]
    return (len(form) == 1 and not asked.query) or (service == "sts" and asked.values("content-length") == ["0"])


def _may_name(asked: Asked, host: str) -> bool:
    """Whether this comes from the local Google, for a host that is AWS's elsewhere."""
    return _asks_who(asked, host) or (host == ISSUER_HOST and _asks_for_keys(asked))


def _asks_for_keys(asked: Asked) -> bool:
    """Whether this asks for the token issuer's public keys."""
    return (asked.method, asked.target, asked.query) == ("GET", KEY_SET, "")


def _asks_who(asked: Asked, host: str) -> bool:
    """Whether this is a subject token that the local Google hands on: it was signed for a host of AWS's.

    It changes nothing, and its sender learns no more than who signed it.
    """
    return (
        _STS_HOST.fullmatch(host) is not None
        and (asked.method, asked.target, asked.query) == ("POST", "/", _WHO)
        and asked.values("content-length") == ["0"]
        and not asked.values("transfer-encoding")
    )


def _refused(message: str) -> Objection:
    return Objection(status=403, message=message)


class OnlyWebIdentity:
    """ASGI middleware that reads the form of an unsigned call, and lets AssumeRoleWithWebIdentity alone through."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or refuse it."""
        asked = Asked.of(scope) if scope["type"] == "http" else None
        if asked is None or not may_be_web_identity(asked):
            await self._app(scope, receive, send)
            return
        body = await _form(receive)
        if body is None:
            return
        actions = [
            value for name, value in parse_qsl(body.decode("latin-1"), keep_blank_values=True) if name == "Action"
        ]
        if actions != [_WEB_IDENTITY] or len(body) > _MOST_FORM_BYTES:
            problem = _refused("The request is not signed: send an Authorization header with AWS Signature Version 4.")
            await answer(send, problem.status, *write(asked, problem))
            return
        read = [{"type": "http.request", "body": body, "more_body": False}]

        async def again() -> Message:
            return read.pop() if read else await receive()

        await self._app(scope, again, send)


async def _form(receive: Receive) -> bytes | None:
    """A body, or the beginning of one that is too long; ``None`` if the client has gone."""
    body = b""
    while len(body) <= _MOST_FORM_BYTES:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    return body


def write(asked: Asked, problem: Objection) -> tuple[Headers, bytes]:
    """Write a refusal as the services do: IAM and STS in XML, the others in JSON."""
    code = "AccessDeniedException"
    if asked.target == "/" and not asked.values("x-amz-target"):
        body = (
            f"<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>"
            f"<Message>{escape(problem.message)}</Message></Error></ErrorResponse>"
        )
        return [(b"content-type", b"text/xml")], body.encode()
    document = json.dumps({"__type": code, "message": problem.message}).encode()
    return [(b"content-type", b"application/json"), (b"x-amzn-errortype", code.encode())], document
