"""The names inside a block: `maximumRetryAttempts` in the program, `MaximumRetryAttempts` in AWS's requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def on_the_wire(block: Mapping[str, Any]) -> dict[str, Any]:
    """As AWS spells it."""
    return {name[0].upper() + name[1:]: value for name, value in block.items()}


def in_the_program(block: Mapping[str, Any]) -> dict[str, Any]:
    """As Pulumi spells it."""
    return {name[0].lower() + name[1:]: value for name, value in block.items()}
