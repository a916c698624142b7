"""A scripted Google: one server for the token exchange, the impersonation and BigQuery's queries; and AWS STS.

It checks nothing: what real services check is the local cloud's job. Here the answers are what matters, each taken
from Google's documented errors, and the record of what the function sent.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape

from tests.http_server import Answer, Handler, Request, json_answer, serving

FEDERATED_TOKEN = "planted-federated-token-1f2e3d4c"
ACCESS_TOKEN = "planted-access-token-5a6b7c8d"
SUBJECT_TOKEN = "eyJwbGFudGVkIjoidG9rZW4ifQ.eyJwbGFudGVkIjoiY2xhaW1zIn0.cGxhbnRlZC1zaWduYXR1cmU"
TOKEN_PATH = "/v1/token"
IMPERSONATION_PATH = "/v1/projects/-/serviceAccounts/reader@local-keyless.iam.gserviceaccount.com:generateAccessToken"
QUERY_PATH = "/bigquery/v2/projects/local-keyless/queries"
SCHEMA = {"fields": [{"name": "user_id", "type": "INTEGER"}, {"name": "name", "type": "STRING"}]}
THREE_ROWS = [("1", "Ada"), ("2", "Grace"), ("3", "Mary")]


class GoogleStandIn:
    """Answers by script; ``sent`` holds what came, in order."""

    def __init__(self) -> None:
        self.url = ""
        self.begin()

    def begin(self) -> None:
        """Forgets what came, and answers as a Google where everything is in order."""
        self.sent: list[Request] = []
        self.signed_token: Handler = lambda _: token_answer(SUBJECT_TOKEN)
        self.exchange: Handler = lambda _: json_answer(
            {"access_token": FEDERATED_TOKEN, "token_type": "Bearer", "expires_in": 3600}
        )
        self.impersonation: Handler = lambda _: json_answer(
            {"accessToken": ACCESS_TOKEN, "expireTime": "2999-01-01T00:00:00Z"}
        )
        self.query: Handler = lambda _: page(THREE_ROWS)
        self.more: Handler = lambda _: google_error(501, "notImplemented", "not scripted")

    @property
    def paths(self) -> list[str]:
        return [sent.path for sent in self.sent]

    def answer(self, sent: Request) -> Answer | None:
        """What the script says."""
        self.sent.append(sent)
        if sent.path == "/":
            return self.signed_token(sent)
        for begins, handler in (
            (f"POST {TOKEN_PATH}", self.exchange),
            ("POST /v1/projects/-/serviceAccounts/", self.impersonation),
            (f"POST {QUERY_PATH}", self.query),
            ("GET /bigquery/v2/", self.more),
            ("POST /bigquery/v2/", self.more),
        ):
            if f"{sent.method} {sent.path}".startswith(begins):
                return handler(sent)
        return json_answer({}, 404)


@contextlib.contextmanager
def running() -> Iterator[GoogleStandIn]:
    """The stand-in on a free port of this machine."""
    stand_in = GoogleStandIn()
    with serving(stand_in.answer) as server:
        stand_in.url = server.url
        yield stand_in


def rows(values: list[tuple[str, str]]) -> list[dict[str, Any]]:
    return [{"f": [{"v": user_id}, {"v": name}]} for user_id, name in values]


def page(values: list[tuple[str, str]], **more: Any) -> Answer:
    """A finished query."""
    return json_answer(
        {
            "jobComplete": True,
            "schema": SCHEMA,
            "rows": rows(values),
            "totalRows": str(len(values)),
            "queryId": "q1",
            **more,
        }
    )


def google_error(code: int, reason: str, message: str, status: str = "ERROR") -> Answer:
    """BigQuery's error envelope."""
    return json_answer(
        {
            "error": {
                "code": code,
                "message": message,
                "errors": [{"message": message, "domain": "global", "reason": reason}],
                "status": status,
            }
        },
        status=code,
    )


def token_answer(token: str) -> Answer:
    """AWS STS's answer to GetWebIdentityToken."""
    return xml_answer(
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<GetWebIdentityTokenResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">\n  <GetWebIdentityTokenResult>'
        f"\n    <WebIdentityToken>{token}</WebIdentityToken>\n    <Expiration>2026-11-29T12:05:00.703Z</Expiration>\n"
        "  </GetWebIdentityTokenResult>\n  <ResponseMetadata><RequestId>c9c99a1c</RequestId></ResponseMetadata>\n"
        "</GetWebIdentityTokenResponse>\n"
    )


def aws_error(status: int, code: str, message: str) -> Answer:
    """AWS STS's error envelope."""
    return xml_answer(
        '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>'
        f"<Code>{code}</Code><Message>{escape(message)}</Message></Error><RequestId>c9c99a1c</RequestId></ErrorResponse>",
        status=status,
    )


def xml_answer(text: str, *, status: int = 200) -> Answer:
    return Answer(status=status, body=text.encode(), headers={"Content-Type": "text/xml"})


def oauth_error(error: str, description: str, status_code: int = 400) -> Answer:
    """STS's error body."""
    return json_answer({"error": error, "error_description": description}, status=status_code)


def redirect_to(url: str) -> Answer:
    return Answer(status=307, headers={"Location": url})
