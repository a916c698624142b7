"""What a plugin serves: its resource types, and the functions by which a program looks up what it does not own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from pulumi_offline.plugins.errors import UnsupportedError
from pulumi_offline.plugins.kind import Kind
from pulumi_offline.plugins.values import Properties

_T = TypeVar("_T")


class Lookup(ABC):
    """One function that reads and changes nothing."""

    function: str
    """Pulumi's name of the function."""
    arguments: frozenset[str]
    """Every argument it serves; any other is refused."""

    @abstractmethod
    def answer(self, arguments: Properties) -> Properties:
        """Ask the service.

        Raises:
            MissingError: there is no such object.
            ServiceError: the service refused.
        """


@dataclass(frozen=True, kw_only=True)
class Served:
    """All that one plugin serves: resource types and functions, by their names."""

    kinds: Mapping[str, Kind] = field(default_factory=dict)
    lookups: Mapping[str, Lookup] = field(default_factory=dict)

    @classmethod
    def all(cls, kinds: Iterable[Kind], lookups: Iterable[Lookup] = ()) -> Served:
        """Each under its own name."""
        return cls(
            kinds={kind.resource_type: kind for kind in kinds}, lookups={lookup.function: lookup for lookup in lookups}
        )

    def kind(self, token: str) -> Kind:
        """The resource type of this name.

        Raises:
            UnsupportedError: when it is not served.
        """
        return _known(self.kinds, token)

    def lookup(self, token: str, arguments: Properties) -> Lookup:
        """The function of this name, for these arguments.

        Raises:
            UnsupportedError: when it is not served, or an argument is not.
        """
        found = _known(self.lookups, token)
        extra = sorted(set(arguments) - found.arguments)
        if extra:
            raise UnsupportedError(f"{token}: the stand-in plugin does not serve {', '.join(extra)}")
        return found


ServedBy = Callable[[Properties], Served]
"""Makes what a plugin serves from the provider's settings; may raise ConfigError."""


def _known(table: Mapping[str, _T], token: str) -> _T:
    try:
        return table[token]
    except KeyError:
        names = ", ".join(sorted(table)) or "nothing"
        raise UnsupportedError(f"the stand-in plugin does not serve {token}; it serves {names}") from None
