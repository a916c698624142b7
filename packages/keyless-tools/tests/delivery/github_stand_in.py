"""As much of GitHub's REST API as comments and issues take, on this machine, with its rules about who may."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from tests.http_server import Answer, Request, json_answer

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

    def answer(self, request: Request) -> Answer:
        """What the API answers."""
        self.calls.append(f"{request.method} {request.path}")
        if request.authorization != f"Bearer {TOKEN}":
            return json_answer({"message": "Bad"}, 401)
        if request.method != "GET" and not self.may_write:
            return json_answer({"message": "Resource not accessible by integration"}, 403)
        place, get = request.path.removeprefix(f"/repos/{REPOSITORY}/"), request.method == "GET"
        if found := re.fullmatch(r"issues/(\d+)/comments", place):
            number = int(found[1])
            if get:
                return json_answer(_page(self.comments.get(number, []), request))
            return json_answer(self.comment(number, request.json["body"]), 201)
        if found := re.fullmatch(r"issues/comments/(\d+)", place):
            (comment,) = [one for listed in self.comments.values() for one in listed if one["id"] == int(found[1])]
            comment.update(request.json)
            return json_answer(comment)
        if found := re.fullmatch(r"issues/(\d+)", place):
            issue = self.issues[int(found[1]) - 1]
            issue.update(request.json)
            return json_answer(issue)
        if place == "issues" and get:
            (state,) = request.query["state"]
            return json_answer(_page([one for one in self.issues if one["state"] == state], request))
        if place == "issues":
            return json_answer(self.issue(request.json["title"], request.json["body"]), 201)
        return json_answer({"message": "Not Found"}, 404)


def _page(listed: list[Any], request: Request) -> list[Any]:
    size, page = int(request.query["per_page"][0]), int(request.query["page"][0])
    return listed[size * (page - 1) : size * page]
