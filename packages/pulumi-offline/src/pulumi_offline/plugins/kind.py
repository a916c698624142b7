"""What every resource type has in common: comparing, previewing, refreshing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from pulumi_offline.plugins.errors import PluginError, RefusedError, UnsupportedError
from pulumi_offline.plugins.values import Properties, contains_unknown


@dataclass(frozen=True, kw_only=True)
class Created:
    """A new resource: the id under which the engine keeps it, and its state."""

    id: str
    state: Properties


@dataclass(frozen=True, kw_only=True)
class Change:
    """One property that differs between the live resource and the program."""

    old: Any
    new: Any
    replaces: bool


@dataclass(frozen=True, kw_only=True)
class Edit:
    """An update in place.

    Args:
        id: the resource's id.
        state: its state before.
        inputs: what the program wants, complete.
        changes: what differs between the two.
    """

    id: str
    state: Properties
    inputs: Properties
    changes: Mapping[str, Change]


class Kind(ABC):
    """One resource type.

    A subclass says which inputs it serves and how they behave, and sends the requests. State holds the live values
    under the input's own names, so that comparing state with inputs finds both edits and drift.
    """

    resource_type: ClassVar[str]
    """Pulumi's name of the type."""
    inputs: ClassVar[frozenset[str]]
    """Every input it serves; any other is refused rather than silently dropped."""
    defaults: ClassVar[Mapping[str, Any]] = {}
    """What an absent input stands for. An input without a default is left as it is when the program is silent."""
    replace_on: ClassVar[frozenset[str]] = frozenset()
    client_side: ClassVar[frozenset[str]] = frozenset()
    """Inputs that live in the engine's state only and never reach a service."""
    volatile: ClassVar[frozenset[str]] = frozenset()
    """Outputs that any update may change; previews show them as unknown."""
    autoname: ClassVar[str | None] = None
    """The input that gets a generated name when the program gives none."""
    deletes_first: ClassVar[bool] = False
    """The official plugin deletes the old one before it creates the new one, unless the program decides otherwise."""

    def changing(self, inputs: Properties) -> frozenset[str]:
        """Outputs that an update to these inputs may change."""
        del inputs
        return self.volatile

    def id_of(self, resource_id: str, live: Properties) -> str:
        """The id under which the engine keeps what was read, where an import may write it in other ways too."""
        del live
        return resource_id

    @abstractmethod
    def create(self, inputs: Properties) -> Created:
        """Create the resource from complete inputs."""

    @abstractmethod
    def read(self, resource_id: str, state: Properties) -> Properties | None:
        """The live state, or None when it is gone. `state` is empty on import."""

    @abstractmethod
    def update(self, edit: Edit) -> Properties:
        """Change in place what `edit.changes` names, and return the new state."""

    @abstractmethod
    def delete(self, resource_id: str, state: Properties) -> None:
        """Delete the resource."""

    def check(self, inputs: Properties) -> Mapping[str, str]:
        """Property name to reason, for each input that can't be right. Values may still be unknown."""
        del inputs
        return {}

    def same(self, name: str, old: Any, new: Any) -> bool:  # noqa: ANN401 (any JSON-like value)
        """Whether two values of one property mean the same."""
        del name
        return bool(old == new)

    def replaces(self, name: str, old: Any, new: Any) -> bool:  # noqa: ANN401 (any JSON-like value)
        """Whether this change of one property needs a new resource."""
        del old, new
        return name in self.replace_on

    def differing(self, name: str, state: Properties, inputs: Properties) -> Change | None:
        """The change of one property, if there is one."""
        default = self.defaults.get(name)
        old, new = state.get(name, default), inputs.get(name, default)
        if name in inputs and contains_unknown(new):
            return Change(old=old, new=new, replaces=name in self.replace_on)
        if self.same(name, old, new):
            return None
        return Change(old=old, new=new, replaces=self.replaces(name, old, new))


def changes(kind: Kind, state: Properties, inputs: Properties) -> dict[str, Change]:
    """Every property in which the state differs from what the program wants."""
    found = {name: kind.differing(name, state, inputs) for name in sorted(set(inputs) | set(kind.defaults))}
    return {name: change for name, change in found.items() if change is not None}


def refuse_unknown_inputs(kind: Kind, inputs: Properties) -> None:
    """Stop before a property would be dropped without a word.

    Raises:
        UnsupportedError: naming the properties that only the official plugin serves.
    """
    extra = sorted(set(inputs) - kind.inputs)
    if extra:
        raise UnsupportedError(
            f"{kind.resource_type}: the stand-in plugin does not serve {', '.join(extra)}; "
            "leave it out for the local stack or install the official plugin"
        )


def live_inputs(kind: Kind, inputs: Properties, state: Properties) -> Properties:
    """The inputs that a refresh reports: the program's own where they still hold, the live ones where not."""
    if not inputs:
        return {name: value for name, value in state.items() if name in kind.inputs}
    result = dict(inputs)
    for name in sorted((set(inputs) | set(kind.defaults)) - kind.client_side):
        change = kind.differing(name, state, inputs)
        if change is None:
            continue
        if name in state:
            result[name] = state[name]
        else:
            result.pop(name, None)
    return result


def previewed_update(kind: Kind, state: Properties, inputs: Properties) -> Properties:
    """What an update will leave behind, as far as it is known before it is made."""
    kept = {name: value for name, value in state.items() if name not in kind.inputs | kind.changing(inputs)}
    left_alone = kind.inputs - set(kind.defaults) - kind.changing(inputs)
    computed_inputs = {name: value for name, value in state.items() if name in left_alone}
    return kept | computed_inputs | inputs


def read_back(live: Properties | None, what: str) -> Properties:
    """What was just written, as it is read again.

    Args:
        live: what `read` gave.
        what: the resource, in words.

    Raises:
        PluginError: it isn't there.
    """
    if live is None:
        raise PluginError(f"{what} was written but can't be read back")
    return live


def deletion_allowed(state: Properties, resource_id: str) -> bool:
    """Apply `deletionPolicy`: False for ABANDON.

    Raises:
        RefusedError: for PREVENT.
    """
    policy = state.get("deletionPolicy", "DELETE")
    if policy == "PREVENT":
        raise RefusedError(
            f"{resource_id} has deletionPolicy PREVENT: set it to DELETE (or ABANDON), run `pulumi up`, then delete it"
        )
    return bool(policy != "ABANDON")
