"""A scripted Google: one server for the token exchange, the impersonation and BigQuery's queries.

It checks nothing: what real services check is the local cloud's job. Here the answers are what matters, each taken
from Google's documented errors, and the record of what the function sent.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.runtime.serving import served

FEDERATED_TOKEN = "planted-federated-token-1f2e3d4c"
ACCESS_TOKEN = "planted-access-token-5a6b7c8d"
TOKEN_PATH = "/v1/token"
IMPERSONATION_PATH = "/v1/projects/-/serviceAccounts/reader@local-keyless.iam.gserviceaccount.com:generateAccessToken"
QUERY_PATH = "/bigquery/v2/projects/local-keyless/queries"
SCHEMA = {"fields": [{"name": "user_id", "type": "INTEGER"}, {"name": "name", "type": "STRING"}]}
THREE_ROWS = [("1", "Ada"), ("2", "Grace"), ("3", "Mary")]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sent:
    """One request of the function's."""

    path: str
    query: dict[str, list[str]]
    authorization: str | None
    body: bytes

    @property
    def form(self) -> dict[str, list[str]]:
        return parse_qs(self.body.decode())

    @property
    def json(self) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self.body)
        return parsed


Answer = Callable[[Sent], Response]


class GoogleStandIn:
    """Answers by script; ``sent`` holds what came, in order."""

    def __init__(self) -> None:
        self.url = ""
        self.begin()

    def begin(self) -> None:
        """Forgets what came, and answers as a Google where everything is in order."""
        self.sent: list[Sent] = []
        self.exchange: Answer = lambda _: JSONResponse(
            {"access_token": FEDERATED_TOKEN, "token_type": "Bearer", "expires_in": 3600}
        )
        self.impersonation: Answer = lambda _: JSONResponse(
            {"accessToken": ACCESS_TOKEN, "expireTime": "2999-01-01T00:00:00Z"}
        )
        self.query: Answer = lambda _: page(THREE_ROWS)
        self.more: Answer = lambda _: google_error(501, "notImplemented", "not scripted")

    def application(self) -> Starlette:
        return Starlette(
            routes=[
                Route(TOKEN_PATH, self._answer("exchange"), methods=["POST"]),
                Route("/v1/projects/-/serviceAccounts/{rest}", self._answer("impersonation"), methods=["POST"]),
                Route("/bigquery/v2/projects/{project}/queries", self._answer("query"), methods=["POST"]),
                Route("/bigquery/v2/{rest:path}", self._answer("more"), methods=["GET", "POST"]),
            ]
        )

    @property
    def paths(self) -> list[str]:
        return [sent.path for sent in self.sent]

    def _answer(self, kind: str) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            sent = Sent(
                path=request.url.path,
                query=parse_qs(request.url.query),
                authorization=request.headers.get("authorization"),
                body=await request.body(),
            )
            self.sent.append(sent)
            answer: Answer = getattr(self, kind)
            return answer(sent)

        return endpoint


@contextlib.contextmanager
def running() -> Iterator[GoogleStandIn]:
    """The stand-in on a free port of this machine."""
    stand_in = GoogleStandIn()
    with served(stand_in.application()) as url:
        stand_in.url = url
        yield stand_in


def rows(values: list[tuple[str, str]]) -> list[dict[str, Any]]:
    return [{"f": [{"v": user_id}, {"v": name}]} for user_id, name in values]


def page(values: list[tuple[str, str]], **more: Any) -> Response:
    """A finished query."""
    return JSONResponse(
        {
            "jobComplete": True,
            "schema": SCHEMA,
            "rows": rows(values),
            "totalRows": str(len(values)),
            "queryId": "q1",
            **more,
        }
    )


def google_error(code: int, reason: str, message: str, status: str = "ERROR") -> Response:
    """BigQuery's error envelope."""
    return JSONResponse(
        {
            "error": {
                "code": code,
                "message": message,
                "errors": [{"message": message, "domain": "global", "reason": reason}],
                "status": status,
            }
        },
        status_code=code,
    )


def oauth_error(error: str, description: str, status_code: int = 400) -> Response:
    """STS's error body."""
    return JSONResponse({"error": error, "error_description": description}, status_code=status_code)


def redirect_to(url: str) -> Response:
    return RedirectResponse(url, status_code=307)
