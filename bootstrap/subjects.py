"""What GitHub says of a job in its token, and which jobs get which access. Pure.

Source: GitHub, "OpenID Connect reference": with an environment the subject ends in its name, without one in the event
or the ref. Since July 2026 names in it carry numbers, `repo:OWNER@ID/NAME@ID:…`.
"""

from __future__ import annotations

from dataclasses import dataclass

ISSUER = "https://token.actions.githubusercontent.com"
"""Who signs the tokens."""

MAIN = "refs/heads/main"
"""The one branch that is deployed."""

NUMBERED, NAMED = "numbered", "named"
"""The two ways in which GitHub writes a repository into a subject."""


@dataclass(frozen=True, kw_only=True)
class Repository:
    """A repository on GitHub.

    Args:
        owner: name of the person or organisation that owns it.
        owner_id: the owner's number, which is never given to another.
        name: its name.
        repository_id: its number, likewise.
        subjects: how GitHub writes it into a subject, `numbered` or `named`.
    """

    owner: str
    owner_id: str
    name: str
    repository_id: str
    subjects: str

    @property
    def pull_requests(self) -> str:
        """Subject of a job that a pull request started, whosever it is. GitHub gives forks no token."""
        return f"{self._prefix}:pull_request"

    @property
    def main(self) -> str:
        """Subject of a job on the main branch that names no environment."""
        return f"{self._prefix}:ref:{MAIN}"

    def environment(self, name: str) -> str:
        """Subject of a job that names this environment, on any branch that the environment admits."""
        return f"{self._prefix}:environment:{name}"

    @property
    def _prefix(self) -> str:
        if self.subjects == NAMED:
            return f"repo:{self.owner}/{self.name}"
        return f"repo:{self.owner}@{self.owner_id}/{self.name}@{self.repository_id}"


def previewing(repository: Repository) -> tuple[str, ...]:
    """The subjects that may look: any pull request of the repository itself, and the watch for drift on main."""
    return (repository.pull_requests, repository.main)


def deploying(repository: Repository, environment: str) -> str:
    """The one subject that may change things: a job in the environment, on which approval is set."""
    return repository.environment(environment)
