"""What every resource type has in common: comparing, previewing, refreshing, and the order of its requests."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar

from pulumi_offline.plugins.errors import PluginError, RefusedError, UnsupportedError
from pulumi_offline.plugins.values import Properties, contains_unknown


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """The inputs of one type, each with how it behaves.

    Args:
        replace: A change of one of these makes another resource.
        defaults: What an absent one stands for.
        client_side: The same, of those that live in the engine's state only and never reach a service.
        kept: Left as they are when the program is silent.
    """

    replace: frozenset[str] = frozenset()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    client_side: Mapping[str, Any] = field(default_factory=dict)
    kept: frozenset[str] = frozenset()

    @cached_property
    def names(self) -> frozenset[str]:
        """Every input; any other is refused rather than silently dropped."""
        return self.replace | self.kept | set(self.absent)

    @cached_property
    def absent(self) -> Mapping[str, Any]:
        """What an absent input stands for, wherever it lives. One that is not in it is left as it is."""
        return {**self.defaults, **self.client_side}

    def replacing(self, name: str) -> Inputs:
        """The same with one more input, whose change makes another resource."""
        return replace(self, replace=self.replace | {name})


def named(text: str) -> frozenset[str]:
    """Names of inputs, written in one text."""
    return frozenset(text.split())


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
    """An update in place: the state before, what the program wants, complete, and what differs between the two."""

    id: str
    state: Properties
    inputs: Properties
    changes: Mapping[str, Change]


class Kind(ABC):
    """One resource type.

    A subclass declares its inputs, and sends the requests. State holds the live values under the input's own names, so
    that comparing state with inputs finds both edits and drift.
    """

    resource_type: ClassVar[str]
    """Pulumi's name of the type."""
    inputs: ClassVar[Inputs]
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

    def create(self, inputs: Properties) -> Created:
        """Create the resource from complete inputs, and read it."""
        resource_id = self.make(inputs)
        return Created(id=resource_id, state=self._read_back(resource_id, inputs))

    @abstractmethod
    def make(self, inputs: Properties) -> str:
        """Send what creates the resource; the id under which the engine keeps it."""

    @abstractmethod
    def read(self, resource_id: str, state: Properties) -> Properties | None:
        """The live state, or None when it is gone. `state` is empty on import."""

    def update(self, edit: Edit) -> Properties:
        """Change it in place, and read it."""
        self.change(edit)
        return self._read_back(edit.id, edit.inputs)

    def change(self, edit: Edit) -> None:
        """Send what changes in place what `edit.changes` names. As it stands: every input replaces.

        Raises:
            UnsupportedError: the engine asks for it all the same.
        """
        raise UnsupportedError(f"{self.resource_type} {edit.id!r} can't be changed: {sorted(edit.changes)}")

    def delete(self, resource_id: str, state: Properties) -> None:
        """Delete the resource, unless `skipDestroy` or `deletionPolicy` keeps it.

        Raises:
            RefusedError: `deletionPolicy` forbids it.
        """
        if not state.get("skipDestroy") and deletion_allowed(state, resource_id):
            self.remove(resource_id, state)

    @abstractmethod
    def remove(self, resource_id: str, state: Properties) -> None:
        """Send what deletes it; its absence is success."""

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
        return name in self.inputs.replace

    def differing(self, name: str, state: Properties, inputs: Properties) -> Change | None:
        """The change of one property, if there is one."""
        default = self.inputs.absent.get(name)
        old, new = state.get(name, default), inputs.get(name, default)
        if name in inputs and contains_unknown(new):
            return Change(old=old, new=new, replaces=name in self.inputs.replace)
        if self.same(name, old, new):
            return None
        return Change(old=old, new=new, replaces=self.replaces(name, old, new))

    def client_side(self, state: Properties) -> Properties:
        """The inputs that live in the engine's state only."""
        return {name: state.get(name, default) for name, default in self.inputs.client_side.items()}

    def _read_back(self, resource_id: str, inputs: Properties) -> Properties:
        """What was just written, as it is read again.

        Raises:
            PluginError: It isn't there.
        """
        live = self.read(resource_id, inputs)
        if live is None:
            raise PluginError(f"{self.resource_type} {resource_id} was written but can't be read back")
        return live


def changes(kind: Kind, state: Properties, inputs: Properties) -> dict[str, Change]:
    """Every property in which the state differs from what the program wants."""
    found = {name: kind.differing(name, state, inputs) for name in sorted(set(inputs) | set(kind.inputs.absent))}
    return {name: change for name, change in found.items() if change is not None}


def refuse_unknown_inputs(kind: Kind, inputs: Properties) -> None:
    """Stop before a property would be dropped without a word.

    Raises:
        UnsupportedError: naming the properties that only the official plugin serves.
    """
    extra = sorted(set(inputs) - kind.inputs.names)
    if extra:
        raise UnsupportedError(
            f"{kind.resource_type}: the stand-in plugin does not serve {', '.join(extra)}; "
            "leave it out for the local stack or install the official plugin"
        )


def live_inputs(kind: Kind, inputs: Properties, state: Properties) -> Properties:
    """The inputs that a refresh reports: the program's own where they still hold, the live ones where not."""
    if not inputs:
        return {name: value for name, value in state.items() if name in kind.inputs.names}
    result = dict(inputs)
    for name in sorted((set(inputs) | set(kind.inputs.absent)) - set(kind.inputs.client_side)):
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
    kept = {name: value for name, value in state.items() if name not in kind.inputs.names | kind.changing(inputs)}
    left_alone = kind.inputs.names - set(kind.inputs.absent) - kind.changing(inputs)
    computed_inputs = {name: value for name, value in state.items() if name in left_alone}
    return kept | computed_inputs | inputs


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
