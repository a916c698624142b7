"""What is regional in AWS has a `region` of its own, which says where it is made, read, changed and deleted.

Source: the AWS provider's guide "Enhanced region support". Another region makes another resource.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pulumi_offline.plugins.aws.api import AwsApi
from pulumi_offline.plugins.kind import Change, Created, Edit, Kind
from pulumi_offline.plugins.values import Properties

REGION = "region"


class _Regional(Kind):
    """A type that is served by one instance for each region. The type itself is the other base of its subclass."""

    def __init__(self, api: AwsApi, of: Callable[[AwsApi], Kind]) -> None:
        self._api = api
        self._of = of

    def _in(self, properties: Properties) -> Kind:
        return self._of(self._api.at(properties.get(REGION, self._api.region)))

    def create(self, inputs: Properties) -> Created:
        """In its region."""
        made = self._in(inputs).create(_without(inputs))
        return Created(id=made.id, state=self._placed(made.state, inputs))

    def read(self, resource_id: str, state: Properties) -> Properties | None:
        """Where the state says that it is; an import looks in the provider's region."""
        live = self._in(state).read(resource_id, _without(state))
        return None if live is None else self._placed(live, state)

    def update(self, edit: Edit) -> Properties:
        """In its region, which an update never changes."""
        changes = {name: change for name, change in edit.changes.items() if name != REGION}
        inner = Edit(id=edit.id, state=_without(edit.state), inputs=_without(edit.inputs), changes=changes)
        return self._placed(self._in(edit.state).update(inner), edit.state)

    def delete(self, resource_id: str, state: Properties) -> None:
        """Where the state says that it is."""
        self._in(state).delete(resource_id, _without(state))

    def differing(self, name: str, state: Properties, inputs: Properties) -> Change | None:
        """A program that names no region leaves it where it is."""
        if name != REGION:
            return super().differing(name, state, inputs)
        old = state.get(REGION, self._api.region)
        return super().differing(name, {REGION: old}, {REGION: inputs.get(REGION, old)})

    def _placed(self, state: Properties, asked: Properties) -> Properties:
        return {**state, REGION: asked.get(REGION, self._api.region)}


def regional(kind: type[Kind], api: AwsApi) -> Kind:
    """The type, which is made from the clients of one region, with a region; `api` has the provider's."""
    members: dict[str, Any] = {"inputs": kind.inputs.replacing(REGION)}
    made: Kind = type(f"Regional{kind.__name__}", (_Regional, kind), members)(api, kind)
    return made


def _without(properties: Properties) -> Properties:
    return {name: value for name, value in properties.items() if name != REGION}
