"""What the gateway keeps besides the BigQuery emulator: access lists, views, policy tags; and what it knows of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MULTI_REGIONS = frozenset({"US", "EU"})
DEFAULT_LOCATION = "US"
MOST_LOCATION_CHARACTERS = 40
MOST_ENTRIES = 4096
"""When more resources are known all are forgotten: simple, and no stack of this kind has so many tables."""


_LOCATION = re.compile(r"US|EU|[a-z]+(?:-[a-z]+)+-?[0-9]+", re.ASCII | re.IGNORECASE)
"""A multi-region, or the form of a region's name. Source: Google, "BigQuery locations", whose list grows."""


def is_location(text: str) -> bool:
    """Say whether a name is one that a location may have."""
    return len(text) < MOST_LOCATION_CHARACTERS and _LOCATION.fullmatch(text) is not None


def location_name(given: str) -> str:
    """Write a location as Google answers it, however it was asked for.

    Source: Google, "BigQuery locations": multi-regions are written in capitals, regions in lower case.
    """
    return given.upper() if given.upper() in MULTI_REGIONS else given.lower()


@dataclass(frozen=True, kw_only=True, order=True)
class ProjectName:
    """A project, as something that permissions are held on."""

    project: str

    @property
    def resource(self) -> str:
        """The resource name under which its policy is kept."""
        return f"projects/{self.project}"

    def __str__(self) -> str:
        return self.project


@dataclass(frozen=True, kw_only=True, order=True)
class DatasetName:
    """A dataset by its two parts."""

    project: str
    dataset: str

    @property
    def resource(self) -> str:
        """Its resource name, and its path in the REST API after ``/bigquery/v2/``."""
        return f"projects/{self.project}/datasets/{self.dataset}"

    @classmethod
    def parse(cls, resource: str) -> DatasetName:
        """Read what :attr:`resource` wrote."""
        _, project, _, dataset = resource.split("/")
        return cls(project=project, dataset=dataset)

    @property
    def reference(self) -> dict[str, str]:
        """Itself as the REST API refers to it."""
        return {"projectId": self.project, "datasetId": self.dataset}

    def table(self, table: str) -> TableName:
        """Name one of its tables."""
        return TableName(project=self.project, dataset=self.dataset, table=table)

    def __str__(self) -> str:
        return f"{self.project}:{self.dataset}"


@dataclass(frozen=True, kw_only=True, order=True)
class TableName:
    """A table by its three parts."""

    project: str
    dataset: str
    table: str

    @property
    def resource(self) -> str:
        """The resource name under which its policy is kept, and its path in the REST API after ``/bigquery/v2/``."""
        return f"{self.within.resource}/tables/{self.table}"

    @property
    def within(self) -> DatasetName:
        """Its dataset."""
        return DatasetName(project=self.project, dataset=self.dataset)

    @property
    def reference(self) -> dict[str, str]:
        """Itself as the REST API refers to it."""
        return {**self.within.reference, "tableId": self.table}

    @property
    def quoted(self) -> str:
        """Itself as SQL names it."""
        return f"`{self.project}.{self.dataset}.{self.table}`"

    def __str__(self) -> str:
        return f"{self.within}.{self.table}"


Name = ProjectName | DatasetName | TableName
"""Whatever a permission can be held on."""


@dataclass(frozen=True, kw_only=True)
class Access:
    """A dataset's access list, in the API's own form."""

    entries: tuple[dict[str, Any], ...]

    def renamed(self, old: str, new: str) -> Access:
        """Rename a service account, given as an IAM member: deleted ones are no longer held by e-mail."""
        return Access(entries=tuple(_renamed(entry, old, new) for entry in self.entries))


def _renamed(entry: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    holder = str(entry.get("iamMember") or f"serviceAccount:{entry.get('userByEmail')}")
    if holder.lower() != old.lower():
        return entry
    kind, _, email = new.partition(":")
    return {"role": entry["role"], **({"userByEmail": email} if kind == "serviceAccount" else {"iamMember": new})}


@dataclass(frozen=True, kw_only=True)
class View:
    """A view's query: the BigQuery emulator doesn't give it back, and who reads a view reads what it selects from.

    Attributes:
        query: GoogleSQL.
        project: The project that a two-part name in it belongs to; empty for the view's own.
        dataset: The dataset that a one-part name in it belongs to, in that project's or another one's; empty for none.
        dataset_project: That dataset's project.
    """

    query: str
    project: str = ""
    dataset: str = ""
    dataset_project: str = ""

    def home(self, view: TableName) -> tuple[str, DatasetName | None]:
        """Return where a name in it belongs that doesn't say: the project, and the dataset if there is one."""
        default = DatasetName(project=self.dataset_project, dataset=self.dataset) if self.dataset else None
        return self.project or view.project, default


@dataclass(frozen=True, kw_only=True)
class ColumnTags:
    """The policy tags of a table's columns: column in lower case → the tag's name. Kept here alone."""

    tags: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Details:
    """Fields of a table or dataset, as the REST API has them, that the BigQuery emulator doesn't keep."""

    fields: dict[str, Any]


class Catalogue:
    """What the BigQuery emulator said of its tables and datasets, by path, until anything is written to it.

    Every query asks whether its tables exist, of which type they are and where; the answers change only by writes, and
    all writes pass the gateway. What was asked for before a write, and answered after it, is never kept.
    """

    def __init__(self) -> None:
        self._known: dict[str, Mapping[str, Any] | None] = {}
        self.generation = 0

    def __contains__(self, path: str) -> bool:
        return path in self._known

    def __getitem__(self, path: str) -> dict[str, Any] | None:
        found = self._known[path]
        return None if found is None else dict(found)

    def keep(self, path: str, resource: Mapping[str, Any] | None, *, generation: int) -> None:
        """Keep what was answered; ``None``: there is none of that name.

        The generation is :attr:`generation` when it was asked for.
        """
        if generation != self.generation:
            return
        if len(self._known) >= MOST_ENTRIES:
            self._known.clear()
        self._known[path] = resource

    def forget(self, path: str) -> None:
        """Forget what is about to be written, or has been, with all that it is in and all that is in it."""
        self.generation += 1
        for known in list(self._known):
            if known.startswith(path) or path.startswith(known.partition("?")[0]):
                del self._known[known]
