"""The settings of the local Google, and its projects: known by id and by number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

DEPLOYER = "user:deployer@local.invalid"
"""The member behind the deployer token; holds ``roles/owner`` on every project."""


@dataclass(frozen=True, kw_only=True)
class Project:
    """One project. Its owner writes the id; audiences, pools and principals carry the number."""

    id: str
    number: str

    @property
    def policy_key(self) -> str:
        """``projects/ID``, under which its policy is kept."""
        return f"projects/{self.id}"

    @property
    def pools_name(self) -> str:
        """The resource name under which its workload identity pools are."""
        return f"projects/{self.number}/locations/global/workloadIdentityPools"


@dataclass(frozen=True, kw_only=True)
class CloudConfig:
    """Settings of one local Google.

    Attributes:
        project_id: The main project, for example ``local-keyless``.
        project_number: Its number, digits only. Audiences and principals use the number, never the id.
        aws_url: Base URL of the local AWS, to which signed GetCallerIdentity requests are forwarded.
        bigquery_url: Base URL of the BigQuery emulator behind the gateway; empty for none.
        deployer_token: Bearer token of :data:`DEPLOYER`. The local Google itself keeps its hash only.
        state_directory: Folder that keeps the state over a restart, all but tokens and jobs; ``None`` keeps it in
            memory only.
        aws_timeout_seconds: Limit for one forwarded GetCallerIdentity.
        bigquery_timeout_seconds: Limit for one forwarded BigQuery call.
        other_projects: Id → number of the projects that exist besides the main one.
        issuers: File of the keys that issuers on the internet publish; see :mod:`federation_emulator.ports.issuers`.
    """

    project_id: str
    project_number: str
    aws_url: str
    bigquery_url: str
    deployer_token: str = field(repr=False)
    state_directory: Path | None
    aws_timeout_seconds: float = 5.0
    bigquery_timeout_seconds: float = 30.0
    other_projects: Mapping[str, str] = field(default_factory=dict)
    issuers: Path | None = None

    def __post_init__(self) -> None:
        """Refuse settings under which no token could ever be right.

        Raises:
            ValueError: A project's number isn't digits, two projects are the same, or the deployer token is
                too short to be a secret.
        """
        if self.project_id in self.other_projects:
            raise ValueError(f"{self.project_id!r} is the main project, so it can't be among the others")
        if problem := projects_problem({self.project_id: self.project_number, **self.other_projects}):
            raise ValueError(problem)
        if len(self.deployer_token) < 16:
            raise ValueError("deployer_token must have at least 16 characters, or it could be guessed")

    @cached_property
    def projects(self) -> tuple[Project, ...]:
        """Every project, the main one first."""
        others = (Project(id=name, number=number) for name, number in self.other_projects.items())
        return (Project(id=self.project_id, number=self.project_number), *others)


def projects_problem(numbers: Mapping[str, str]) -> str | None:
    """Say what is wrong with projects, id to number, or ``None``: a name that means two projects is none."""
    for project_id, number in numbers.items():
        if not (number.isascii() and number.isdigit()):
            return f"the number of {project_id!r} is {number!r}; it must be digits: the project's number, not its id"
        if not project_id or "/" in project_id or (project_id.isascii() and project_id.isdigit()):
            return f"{project_id!r} can't be a project's id: it must be a word, not a path and not a number"
    if len(set(numbers.values())) < len(numbers):
        return f"two projects have the same number: {dict(numbers)}"
    return None
