"""An organisation policy. Projects have no state of their own: id and number are settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class OrganisationPolicy:
    """What a project allows under one constraint, set on the project itself: the local cloud has nothing above it.

    Attributes:
        constraint: ``constraints/NAME``.
        allowed: The only values that are allowed; empty: all that aren't denied.
        everything: ``ALLOW`` or ``DENY`` for every value; else empty.
    """

    constraint: str
    allowed: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()
    everything: str = ""
    etag: str = ""

    def list_policy(self) -> dict[str, Any]:
        """Write the part that allows and denies, as the API has it."""
        found = {"allValues": self.everything, "allowedValues": [*self.allowed], "deniedValues": [*self.denied]}
        return {name: value for name, value in found.items() if value}

    def wire(self) -> dict[str, Any]:
        """Write the policy as the API answers it."""
        body = {"constraint": self.constraint, "etag": self.etag, "listPolicy": self.list_policy()}
        return {name: value for name, value in body.items() if value}
