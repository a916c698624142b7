"""The ids of Google's objects in Pulumi: the form in which the engine keeps them, and those an import may write."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pulumi_offline.plugins.errors import PluginError

_PLACE = re.compile(r"\{(\w+)\}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Ids:
    """The forms of one type's ids, as the official plugin's reference lists them under "Import".

    Each is a text with the names of inputs in braces; the first is the one that the engine keeps.
    """

    forms: tuple[str, ...]

    def parts(self, resource_id: str, *, project: str | None) -> dict[str, str]:
        """The inputs that an id stands for, in any form; `project` stands in where it names none.

        Raises:
            PluginError: the id has none of the forms, or no project is known.
        """
        for form in self.forms:
            if match := re.fullmatch(_PLACE.sub(r"(?P<\1>[^/ ]+)", form), resource_id):
                found = match.groupdict()
                if "project" in found or project:
                    return {"project": project or "", **found}
        raise PluginError(f"{resource_id!r} can't be imported; write {' or '.join(self.forms)}")

    @property
    def names(self) -> frozenset[str]:
        """The inputs that an id stands for."""
        return frozenset(_PLACE.findall(self.forms[0]))

    def whole(self, parts: Mapping[str, object]) -> str:
        """The id as the engine keeps it."""
        return self.forms[0].format(**parts)


PROJECT = Ids(forms=("{project}", "projects/{project}"))
SERVICE = Ids(forms=("{project}/{service}",))
ACCOUNT = Ids(forms=("projects/{project}/serviceAccounts/{email}", "{project}/{email}", "{email}"))
POOL = Ids(
    forms=(
        "projects/{project}/locations/global/workloadIdentityPools/{workloadIdentityPoolId}",
        "{project}/{workloadIdentityPoolId}",
        "{workloadIdentityPoolId}",
    )
)
PROVIDER = Ids(
    forms=(
        f"{POOL.forms[0]}/providers/{{workloadIdentityPoolProviderId}}",
        "{project}/{workloadIdentityPoolId}/{workloadIdentityPoolProviderId}",
        "{workloadIdentityPoolId}/{workloadIdentityPoolProviderId}",
    )
)
DATASET = Ids(forms=("projects/{project}/datasets/{datasetId}", "{project}/{datasetId}", "{datasetId}"))
TABLE = Ids(
    forms=(
        f"{DATASET.forms[0]}/tables/{{tableId}}",
        "{project}/{datasetId}/{tableId}",
        "{datasetId}/{tableId}",
    )
)
