"""What can go wrong in a stand-in plugin.

PluginError
├── ConfigError         the provider's settings are wrong, or point somewhere that is not loopback
├── UnsupportedError    the program asks for something that the stand-in does not serve
├── MissingError        what the program looks up is not there
├── RefusedError        a rule of the resource forbids the step (deletion protection, deletion policy, …)
├── UnfinishedError     an update failed, which the official plugins have for done all the same
└── ServiceError        the local cloud answered with an error, in its own words
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class PluginError(Exception):
    """A failure whose text is shown to the user as it stands."""


class ConfigError(PluginError):
    """The provider's settings are missing, malformed, or not on loopback."""


class UnsupportedError(PluginError):
    """The program uses a property or step that only the official plugin knows."""


class MissingError(PluginError):
    """What a program looks up is not there."""


class RefusedError(PluginError):
    """A protective setting of the resource forbids the step."""


class UnfinishedError(PluginError):
    """An update failed, and the state holds what was planned."""

    def __init__(self, message: str, *, resource_id: str, planned: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.resource_id = resource_id
        self.planned = planned


class ServiceError(PluginError):
    """The local cloud refused or failed a request.

    Args:
        status: HTTP status code.
        reason: the API's own error name, for example `ALREADY_EXISTS` or `ResourceConflictException`.
        message: the API's own words.
        request: method and path, without query, so that no token can be in it.
    """

    def __init__(self, *, status: int, reason: str, message: str, request: str) -> None:
        self.status = status
        self.reason = reason
        super().__init__(f"{request} answered {status} {reason}: {message}")
