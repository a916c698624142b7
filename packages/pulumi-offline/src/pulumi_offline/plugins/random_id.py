"""The `random` stand-in: one type, made on this machine as the official plugin makes it."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from typing import Any

from pulumi_offline.plugins.errors import ConfigError, UnsupportedError
from pulumi_offline.plugins.kind import Created, Inputs, Kind, named
from pulumi_offline.plugins.lookup import Served
from pulumi_offline.plugins.values import UNKNOWN, Properties


class RandomId(Kind):
    """`byteLength` random bytes in four spellings. Kept in state until an input changes."""

    resource_type = "random:index/randomId:RandomId"
    inputs = Inputs(replace=named("byteLength prefix keepers"))

    def check(self, inputs: Properties) -> Mapping[str, str]:
        """The length must be a whole number of bytes."""
        length: Any = inputs.get("byteLength")
        if length is UNKNOWN or (isinstance(length, int) and 1 <= length <= 1024):
            return {}
        return {"byteLength": f"{length!r} is not a whole number from 1 to 1024"}

    def make(self, inputs: Properties) -> str:
        """Draw the bytes."""
        return base64.urlsafe_b64encode(secrets.token_bytes(inputs["byteLength"])).rstrip(b"=").decode()

    def create(self, inputs: Properties) -> Created:
        """Draw the bytes, and spell them."""
        url_safe, prefix = self.make(inputs), inputs.get("prefix", "")
        drawn = base64.urlsafe_b64decode(url_safe + "=" * (-len(url_safe) % 4))
        outputs = {
            "b64Std": prefix + base64.b64encode(drawn).decode(),
            "b64Url": prefix + url_safe,
            "dec": prefix + str(int.from_bytes(drawn, "big")),
            "hex": prefix + drawn.hex(),
        }
        return Created(id=url_safe, state=inputs | outputs)

    def read(self, resource_id: str, state: Properties) -> Properties:
        """The state as it is: nothing outside holds it.

        Raises:
            UnsupportedError: on import.
        """
        if not state:
            raise UnsupportedError(f"{self.resource_type} {resource_id!r} can't be imported by the stand-in plugin")
        return state

    def remove(self, resource_id: str, state: Properties) -> None:
        """Forget it."""


def served_by(settings: Properties) -> Served:
    """The table of the `random` plugin, which has no settings.

    Raises:
        ConfigError: when it is given some.
    """
    extra = sorted(set(settings) - {"version"})
    if extra:
        raise ConfigError(f"the random provider has no settings, but got {', '.join(extra)}")
    return Served.all([RandomId()])
