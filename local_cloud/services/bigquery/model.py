"""What the gateway knows beside the warehouse: dataset access lists, view definitions, who created which job."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True, order=True)
class TableName:
    """A table by its three parts."""

    project: str
    dataset: str
    table: str

    @property
    def resource(self) -> str:
        """The resource name under which its policy is kept."""
        return f"projects/{self.project}/datasets/{self.dataset}/tables/{self.table}"

    @property
    def path(self) -> str:
        """Its path in the REST API, after ``/bigquery/v2/``."""
        return self.resource

    def __str__(self) -> str:
        return f"{self.project}:{self.dataset}.{self.table}"


@dataclass(frozen=True, kw_only=True)
class Access:
    """A dataset's access list, in the API's own form."""

    entries: tuple[dict[str, Any], ...]

    def renamed(self, old: str, new: str) -> Access:
        """Rename a service account, given as an IAM member: deleted ones are no longer held by e-mail."""
        return Access(entries=tuple(_renamed(entry, old, new) for entry in self.entries))

    def to_json(self) -> dict[str, Any]:
        """Write it as JSON values, for the store."""
        return {"entries": list(self.entries)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Access:
        """Read what :meth:`to_json` wrote."""
        return cls(entries=tuple(data["entries"]))


def _renamed(entry: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    holder = str(entry.get("iamMember") or f"serviceAccount:{entry.get('userByEmail')}")
    if holder.lower() != old.lower():
        return entry
    kind, _, email = new.partition(":")
    return {"role": entry["role"], **({"userByEmail": email} if kind == "serviceAccount" else {"iamMember": new})}


@dataclass(frozen=True, kw_only=True)
class View:
    """A view's query: the warehouse doesn't give it back, and who reads a view reads what it selects from."""

    query: str

    def to_json(self) -> dict[str, Any]:
        """Write it as JSON values, for the store."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> View:
        """Read what :meth:`to_json` wrote."""
        return cls(**data)


@dataclass(frozen=True, kw_only=True)
class Job:
    """Who created a job: only they and an administrator may read it and its rows."""

    job_id: str
    creator: str
    created: str
    decision: str

    def to_json(self) -> dict[str, Any]:
        """Write it as JSON values, for the store."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Job:
        """Read what :meth:`to_json` wrote."""
        return cls(**data)
