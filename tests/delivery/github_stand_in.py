"""As much of GitHub's REST API as comments and issues take, on this machine, with its rules about who may."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

OURS = "github-actions[bot]"
REPOSITORY = "acme/reports"
TOKEN = "the-jobs-own-token"


@dataclass
class Repository:
    """What it holds. Numbers count up over issues and comments alike."""

    issues: list[dict[str, Any]] = field(default_factory=list)
    comments: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    may_write: bool = True
    calls: list[str] = field(default_factory=list)

    def comment(self, number: int, body: str, login: str = OURS) -> dict[str, Any]:
        listed = self.comments.setdefault(number, [])
        made = {
            "id": 100 * number + len(listed),
            "body": body,
            "user": {"login": login},
            "html_url": f"c/{len(listed)}",
        }
        listed.append(made)
        return made

    def issue(self, title: str, body: str, login: str = OURS) -> dict[str, Any]:
        number = len(self.issues) + 1
        made = {"number": number, "title": title, "body": body, "state": "open", "user": {"login": login}}
        self.issues.append({**made, "html_url": f"i/{number}"})
        return self.issues[-1]

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        url = urlsplit(path)
        self.calls.append(f"{method} {url.path}")
        if method != "GET" and not self.may_write:
            return 403, {"message": "Resource not accessible by integration"}
        place = url.path.removeprefix(f"/repos/{REPOSITORY}/")
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        if found := re.fullmatch(r"issues/(\d+)/comments", place):
            number = int(found[1])
            return (
                (200, _page(self.comments.get(number, []), query))
                if method == "GET"
                else (201, self.comment(number, body["body"]))
            )
        if found := re.fullmatch(r"issues/comments/(\d+)", place):
            (comment,) = [one for listed in self.comments.values() for one in listed if one["id"] == int(found[1])]
            comment.update(body)
            return 200, comment
        if found := re.fullmatch(r"issues/(\d+)", place):
            issue = self.issues[int(found[1]) - 1]
            issue.update(body)
            return 200, issue
        if place == "issues" and method == "GET":
            return 200, _page([one for one in self.issues if one["state"] == query["state"]], query)
        if place == "issues":
            return 201, self.issue(body["title"], body["body"])
        return 404, {"message": "Not Found"}


def _page(listed: list[Any], query: dict[str, str]) -> list[Any]:
    size, page = int(query["per_page"]), int(query["page"])
    return listed[size * (page - 1) : size * page]


@contextmanager
def serving(repository: Repository) -> Iterator[str]:
    """Serve it; gives the API's base URL."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            allowed = self.headers.get("Authorization") == f"Bearer {TOKEN}"
            status, answer = repository.answer(self.command, self.path, body) if allowed else (401, {"message": "Bad"})
            written = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(written)))
            self.end_headers()
            self.wfile.write(written)

        do_GET = do_POST = do_PATCH = _answer  # noqa: N815 (the library's own names)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the library's own names)
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
