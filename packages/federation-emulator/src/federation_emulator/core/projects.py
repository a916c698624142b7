"""A project: the folder of everything else, known by its id and by its number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


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
