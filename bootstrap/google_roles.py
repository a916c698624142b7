"""Which of Google's roles an identity gets, and in which project. Pure.

Source: Google, "IAM roles and permissions index"; "Set limits on granting roles" for the condition.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bootstrap.settings import Settings

GRANTABLE = ("roles/bigquery.jobUser",)
"""The roles that a deployment grants on a project; what else it grants is on one account or one table."""

LOOKING = (
    "roles/browser",
    "roles/bigquery.metadataViewer",
    "roles/iam.securityReviewer",
    "roles/iam.serviceAccountViewer",
    "roles/iam.workloadIdentityPoolViewer",
    "roles/serviceusage.serviceUsageViewer",
)
"""To read what a refresh compares: no row of a table is among it."""


@dataclass(frozen=True, kw_only=True)
class Grant:
    """One role in one project."""

    project: str
    role: str
    condition: str | None = None

    @property
    def name(self) -> str:
        """What its logical name ends in."""
        return f"{self.role.removeprefix('roles/').replace('.', '-').lower()}-in-{self.project}"


def previewing(settings: Settings) -> list[Grant]:
    """To look at everything that the stack holds."""
    return [Grant(project=project, role=role) for project in _projects(settings) for role in LOOKING]


def deploying(settings: Settings) -> list[Grant]:
    """To make, change and remove what the stack holds, each role only where it is for something."""
    return list(_deploying(settings))


def _deploying(settings: Settings) -> Iterator[Grant]:
    for project in _projects(settings):
        yield Grant(project=project, role="roles/serviceusage.serviceUsageAdmin")
    yield Grant(project=settings.google_project, role="roles/iam.serviceAccountAdmin")
    # Without the condition it could make itself the project's owner.
    yield Grant(
        project=settings.google_project,
        role="roles/resourcemanager.projectIamAdmin",
        condition=(
            "api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', [])"
            f".hasOnly([{', '.join(repr(role) for role in GRANTABLE)}])"
        ),
    )
    yield Grant(project=settings.pool_project, role="roles/iam.workloadIdentityPoolAdmin")
    yield Grant(project=settings.data_project, role="roles/bigquery.dataOwner")


def _projects(settings: Settings) -> tuple[str, ...]:
    return tuple(dict.fromkeys((settings.google_project, settings.pool_project, settings.data_project)))
