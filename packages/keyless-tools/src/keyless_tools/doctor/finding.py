"""What the doctor says about one link."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from keyless_bigquery.command_line import command_line, one_after_another
from keyless_tools.doctor.answer import Absent, Hidden, Off, Silent


class Link(enum.Enum):
    """A link of the chain, in the order in which a call passes them."""

    SETTINGS = "settings"
    FUNCTION = "function"
    ROLE = "execution role"
    ENVIRONMENT = "environment"
    CREDENTIAL_CONFIGURATION = "credential configuration"
    SERVICES = "Google APIs"
    POOL = "pool"
    ORGANISATION_POLICY = "organisation policy"
    PROVIDER = "provider"
    ACCOUNT = "AWS account"
    MAPPING = "attribute mapping"
    CONDITION = "attribute condition"
    SERVICE_ACCOUNT = "service account"
    BINDING = "binding"
    JOBS = "right to start jobs"
    TABLE = "table"
    ROWS = "right to read rows"
    LISTED = "listed tables"
    LOG = "log group"
    OTHER_PROVIDERS = "other providers"
    ROLE_POLICIES = "policies of the role"
    CALLERS = "callers of the function"
    ACCOUNT_MEMBERS = "members on the account"
    READER_GRANTS = "reader's other grants"
    TABLE_MEMBERS = "members on the table"
    DATASET_ACCESS = "dataset's access list"


ADDITIONS = frozenset(
    {
        *(Link.OTHER_PROVIDERS, Link.ROLE_POLICIES, Link.CALLERS, Link.ACCOUNT_MEMBERS),
        *(Link.READER_GRANTS, Link.TABLE_MEMBERS, Link.DATASET_ACCESS),
    }
)
"""Where more than the stack made may have been allowed by hand, which the engine doesn't see."""


class Verdict(enum.Enum):
    """How a link looks."""

    OK = "ok"
    FAILED = "FAILED"
    FOLLOWS = "follows"
    """Failed as well, but because of an earlier link that failed: fix that first."""
    WARNING = "warning"
    """The link holds, and more is allowed than the stack made."""
    UNKNOWN = "unknown"
    """It could not be seen."""
    NOT_LOOKED = "not looked at"
    """There was nothing to look at, or it does not matter now."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of the report.

    Args:
        link: The link.
        verdict: How it looks.
        actual: What was seen, with its names and values.
        expected: What should have been seen, where that is something else.
        fix: The command that fixes it; empty unless the check failed or more is allowed.
    """

    link: Link
    verdict: Verdict
    actual: str
    expected: str = ""
    fix: str = ""


def ok(link: Link, actual: str) -> Finding:
    """The link is as it should be."""
    return Finding(link=link, verdict=Verdict.OK, actual=actual)


def failed(link: Link, actual: str, *, expected: str, fix: str) -> Finding:
    """The link does not hold."""
    return Finding(link=link, verdict=Verdict.FAILED, actual=actual, expected=expected, fix=fix)


def warning(link: Link, actual: str, *, remove: Sequence[str]) -> Finding:
    """More is allowed than the stack made.

    Args:
        link: The link that was added to.
        actual: What was added.
        remove: The commands that remove it.
    """
    fix = one_after_another(*remove)
    return Finding(link=link, verdict=Verdict.WARNING, actual=actual, expected="what the stack made, alone", fix=fix)


def unknown(link: Link, actual: str) -> Finding:
    """The link could not be seen."""
    return Finding(link=link, verdict=Verdict.UNKNOWN, actual=actual)


def not_looked(link: Link, why: str) -> Finding:
    """There was nothing to look at."""
    return Finding(link=link, verdict=Verdict.NOT_LOOKED, actual=why)


def not_seen(link: Link, what: str, answer: Hidden | Off | Silent) -> Finding:
    """Something could not be read.

    Args:
        link: The link that hangs on it.
        what: What could not be read.
        answer: Why.
    """
    match answer:
        case Hidden(permission=permission, role=role):
            holder = f", which {role} has" if role else ""
            return unknown(link, f"{what} can't be seen: you lack the permission {permission}{holder}")
        case Off(service=service, project=project):
            enable = command_line(
                "gcloud", "services", "enable", service, *([f"--project={project}"] if project else [])
            )
            where = (
                f"in project {project}, which the call counts for" if project else "in the project that it counts for"
            )
            why = f"{service} is off {where}; `{enable}`, then wait some minutes"
            return unknown(link, f"{what} can't be seen: {why}")
        case Silent(why=why):
            return unknown(link, f"{what} can't be seen: {why}")


def not_there(link: Link, what: str, answer: Absent | Hidden | Off | Silent, *, fix: str) -> Finding:
    """Something is not there, or could not be read.

    Args:
        link: The link that hangs on it.
        what: What was looked for.
        answer: Why there is nothing to judge.
        fix: What makes it, should it not be there.
    """
    if isinstance(answer, Absent):
        return failed(link, f"{what} is not there", expected=what, fix=fix)
    return not_seen(link, what, answer)
