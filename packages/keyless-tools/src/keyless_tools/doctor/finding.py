"""What the doctor reports about one link."""

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
    GUARDS = "other guards of the rows"
    LOG = "log group"
    LAST_INVOCATION = "last invocation"
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
class Judgement:
    """What is said about a link.

    Args:
        verdict: How it looks.
        actual: What was seen, with its names and values.
        expected: What should have been seen, where that is something else.
        fix: The command that fixes it; empty unless the check failed or more is allowed.
    """

    verdict: Verdict
    actual: str
    expected: str = ""
    fix: str = ""


@dataclass(frozen=True, kw_only=True)
class Finding(Judgement):
    """One line of the report: a judgement of a link."""

    link: Link


def ok(actual: str) -> Judgement:
    """The link is as it should be."""
    return Judgement(verdict=Verdict.OK, actual=actual)


def failed(actual: str, *, expected: str, fix: str) -> Judgement:
    """The link does not hold."""
    return Judgement(verdict=Verdict.FAILED, actual=actual, expected=expected, fix=fix)


def warning(actual: str, *, remove: Sequence[str]) -> Judgement:
    """More is allowed than the stack made; ``remove`` are the commands that take it away."""
    fix = one_after_another(*remove)
    return Judgement(verdict=Verdict.WARNING, actual=actual, expected="what the stack made, alone", fix=fix)


def unknown(actual: str) -> Judgement:
    """The link could not be seen."""
    return Judgement(verdict=Verdict.UNKNOWN, actual=actual)


def not_looked(why: str) -> Judgement:
    """There was nothing to look at."""
    return Judgement(verdict=Verdict.NOT_LOOKED, actual=why)


def not_seen(what: str, answer: Hidden | Off | Silent) -> Judgement:
    """Something could not be read."""
    match answer:
        case Hidden(permission=permission, role=role, why=cause):
            why = f"you lack the permission {permission}{f', which {role} has' if role else ''}"
            why += f": {cause}" if cause else ""
        case Off(service=service, project=project):
            flags = [f"--project={project}"] if project else []
            enable = command_line("gcloud", "services", "enable", service, *flags)
            where = f"project {project}, which the call counts for" if project else "the project that it counts for"
            why = f"{service} is off in {where}; `{enable}`, then wait some minutes"
        case Silent(why=why):
            pass
    return unknown(f"{what} can't be seen: {why}")


def not_there(what: str, answer: Absent | Hidden | Off | Silent, *, fix: str) -> Judgement:
    """Something is not there, which ``fix`` makes; or could not be read."""
    if isinstance(answer, Absent):
        return failed(f"{what} is not there", expected=what, fix=fix)
    return not_seen(what, answer)
