"""What became of one look at one thing: found, not there, hidden, its API off, or no answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

T = TypeVar("T")
JSON: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Found(Generic[T]):
    """It is there, and this is what was read."""

    value: T


@dataclass(frozen=True, kw_only=True)
class Absent:
    """The service says that it isn't there."""


@dataclass(frozen=True, kw_only=True)
class Hidden:
    """The doctor's credentials may not see it.

    Args:
        permission: What is missing: an IAM permission of Google's, or an action of AWS's.
        role: A predefined role of Google's that has it; empty for AWS.
        why: What AWS gives as the cause; empty for Google.
    """

    permission: str
    role: str = ""
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Off:
    """The API to ask is switched off in the project.

    Args:
        service: The API, for example ``iam.googleapis.com``.
        project: Number or id of the project that the call counts for, which may be the credentials' own; empty if the
            answer does not say.
    """

    service: str
    project: str = ""


@dataclass(frozen=True, kw_only=True)
class Silent:
    """No answer that says anything about it.

    Args:
        why: No connection, credentials not accepted, an error of the service's own.
    """

    why: str


Answer: TypeAlias = Found[T] | Absent | Hidden | Off | Silent
"""One look at one thing."""
