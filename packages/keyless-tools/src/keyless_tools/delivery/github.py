"""GitHub's REST API, as far as one kept-up comment and one kept-up issue need it.

Source: GitHub, REST API, "Issue comments" and "Issues"; a pull request is an issue there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from keyless_tools.delivery.errors import DeliveryError

_LIMIT_SECONDS = 20.0
_PER_PAGE = 100
_MOST_PAGES = 20
_OURS = "github-actions[bot]"
"""Whom the workflow's own token writes as. What anybody else wrote is never touched, whatever it begins with."""


def marker(about: str) -> str:
    """The first line by which a comment or an issue is found again; a reader doesn't see it.

    Args:
        about: what it is about, such as `preview dev`.
    """
    return f"<!-- keyless-delivery: {about} -->"


@dataclass(frozen=True, kw_only=True)
class GitHub:
    """One repository, as the workflow's own token sees it.

    Args:
        repository: `OWNER/NAME`.
        client: the open connection, which has the token.
    """

    repository: str
    client: httpx.Client = field(repr=False)

    @classmethod
    @contextmanager
    def connect(cls, *, api_url: str, repository: str, token: str) -> Iterator[GitHub]:
        """Open a connection for as long as the context lasts.

        Args:
            api_url: base URL of the REST API.
            repository: `OWNER/NAME`.
            token: the job's `github.token`.
        """
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}
        with httpx.Client(base_url=api_url, headers=headers, timeout=_LIMIT_SECONDS) as client:
            yield cls(repository=repository, client=client)

    def say(self, pull_request: int, about: str, text: str) -> str:
        """Keep one comment on a pull request up to date.

        Args:
            pull_request: its number.
            about: what the comment is about; there is one for each.
            text: Markdown.

        Returns:
            Where the comment is.

        Raises:
            DeliveryError: GitHub refused, or does not answer.
        """
        body = {"body": f"{marker(about)}\n{text}"}
        place = f"issues/{pull_request}/comments"
        found = self._ours(place, about)
        if found is None:
            return str(self._call("POST", place, body)["html_url"])
        return str(self._call("PATCH", f"issues/comments/{found['id']}", body)["html_url"])

    def open_issue(self, about: str, title: str, text: str) -> str:
        """Keep one open issue up to date.

        Args:
            about: what the issue is about; there is one for each.
            title: its title.
            text: Markdown.

        Returns:
            Where the issue is.

        Raises:
            DeliveryError: as for `say`.
        """
        body = {"title": title, "body": f"{marker(about)}\n{text}"}
        found = self._ours("issues?state=open", about)
        if found is None:
            return str(self._call("POST", "issues", body)["html_url"])
        return str(self._call("PATCH", f"issues/{found['number']}", body)["html_url"])

    def close_issue(self, about: str, why: str) -> str | None:
        """Close the open issue about this, if there is one, with a last comment.

        Returns:
            Where the issue is.

        Raises:
            DeliveryError: as for `say`.
        """
        found = self._ours("issues?state=open", about)
        if found is None:
            return None
        self._call("POST", f"issues/{found['number']}/comments", {"body": why})
        return str(self._call("PATCH", f"issues/{found['number']}", {"state": "closed"})["html_url"])

    def _ours(self, place: str, about: str) -> Mapping[str, Any] | None:
        first_line = marker(about)
        for listed in self._listed(place):
            ours = (listed.get("user") or {}).get("login") == _OURS
            if ours and str(listed.get("body") or "").partition("\n")[0].strip() == first_line:
                return listed
        return None

    def _listed(self, place: str) -> Iterator[Mapping[str, Any]]:
        joint = "&" if "?" in place else "?"
        for page in range(1, _MOST_PAGES + 1):
            found = self._call("GET", f"{place}{joint}per_page={_PER_PAGE}&page={page}")
            yield from found
            if len(found) < _PER_PAGE:
                return

    def _call(self, method: str, place: str, body: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401 (JSON)
        try:
            answer = self.client.request(method, f"/repos/{self.repository}/{place}", json=body)
        except httpx.HTTPError as error:
            raise DeliveryError(f"GitHub does not answer at {self.client.base_url}: {error}") from error
        if answer.is_error:
            raise DeliveryError(f"GitHub refused {method} {place}: {answer.status_code} {answer.text[:200]}. {_MEND}")
        return answer.json()


_MEND = "A comment needs the job's `permissions: pull-requests: write`, an issue `issues: write`."
