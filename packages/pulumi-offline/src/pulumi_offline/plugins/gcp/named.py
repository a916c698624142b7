"""What the types have in common whose objects Google finds by a name."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from pulumi_offline.plugins.gcp.api import JSON, GoogleApi
from pulumi_offline.plugins.gcp.ids import Ids
from pulumi_offline.plugins.kind import Kind
from pulumi_offline.plugins.values import Properties


class Named(Kind):
    """A type whose id is the object's path, and can be written shorter in an import."""

    ids: ClassVar[Ids]
    endpoint: ClassVar[str]
    """Which of the API's endpoints serves it."""
    query: ClassVar[Mapping[str, str]] = {}
    """Query parameters of every request for it."""

    def __init__(self, api: GoogleApi) -> None:
        self._api = api

    def id_of(self, resource_id: str, live: Properties) -> str:
        """The whole path."""
        del resource_id
        return self.ids.whole(live)

    def place(self, inputs: Properties) -> str:
        """The id of what these inputs name."""
        return self.ids.whole(inputs | {"project": self._api.project_of(inputs)})

    def read(self, resource_id: str, state: Properties) -> Properties | None:
        """GET."""
        parts = self.ids.parts(resource_id, project=self._api.project)
        live = self._get(self.ids.whole(parts))
        found = None if live is None else self._found(live, state)
        return None if found is None else self.client_side(state) | parts | found

    def _get(self, resource_id: str) -> JSON | None:
        return self._api.find(self._url(resource_id), params=self.query)

    @abstractmethod
    def _found(self, live: JSON, state: Properties) -> Properties | None:
        """What an answer says of the object, besides the parts of its id; None where it counts as gone."""

    def remove(self, resource_id: str, state: Properties) -> None:
        """DELETE."""
        del state
        self._api.remove(self._url(resource_id))

    def _url(self, path: str) -> str:
        return str(getattr(self._api.endpoints, self.endpoint)) + path
