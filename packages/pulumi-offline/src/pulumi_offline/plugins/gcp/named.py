"""What the types have in common whose objects Google finds by a name."""

from __future__ import annotations

from typing import ClassVar

from pulumi_offline.plugins.gcp.api import GoogleApi
from pulumi_offline.plugins.gcp.ids import Ids
from pulumi_offline.plugins.kind import Kind, read_back
from pulumi_offline.plugins.values import Properties


class Named(Kind):
    """A type whose id is the object's path, and can be written shorter in an import.

    Args:
        api: the local Google.
    """

    ids: ClassVar[Ids]

    def __init__(self, api: GoogleApi) -> None:
        self._api = api

    def id_of(self, resource_id: str, live: Properties) -> str:
        """The whole path."""
        del resource_id
        return self.ids.whole(live)

    def _parts(self, resource_id: str) -> dict[str, str]:
        """The inputs that an id stands for, whichever way it is written."""
        return self.ids.parts(resource_id, project=self._api.project)

    def _read_again(self, resource_id: str, inputs: Properties) -> Properties:
        return read_back(self.read(resource_id, inputs), resource_id)
