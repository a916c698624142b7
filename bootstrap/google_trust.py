"""What Google believes of GitHub's tokens, and whom a binding then means. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from bootstrap.subjects import MAIN, Repository

ATTRIBUTE = "attribute.repository_id"
_BASE = "iam.googleapis.com"


def attribute_mapping() -> Mapping[str, str]:
    """What becomes of a token's claims: only what a binding names."""
    return {"google.subject": "assertion.sub", ATTRIBUTE: "assertion.repository_id"}


def attribute_condition(repository: Repository) -> str:
    """Admits this repository by its numbers, and of it pull requests and main.

    A job of a pull request that names an environment has that environment's subject, but the pull request's ref: it is
    refused here, whatever GitHub's settings admit.
    """
    return (
        f"assertion.repository_id == '{repository.repository_id}'"
        f" && assertion.repository_owner_id == '{repository.owner_id}'"
        f" && (assertion.ref == '{MAIN}' || assertion.sub == '{repository.pull_requests}')"
    )


def everybody_admitted(pool_name: str, repository: Repository) -> str:
    """The principal set of every job that the condition admits."""
    return f"principalSet://{_BASE}/{pool_name}/{ATTRIBUTE}/{repository.repository_id}"


def one_subject(pool_name: str, subject: str) -> str:
    """The principal of jobs with exactly this subject."""
    return f"principal://{_BASE}/{pool_name}/subject/{subject}"
