"""What the engine knows of a stack: its settings and its outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from keyless_bigquery.command_line import command_line
from keyless_bigquery.settings.settings import KEYS, Settings, SettingsError
from keyless_tools.boundary import NotReadError
from keyless_tools.doctor import fixes
from pulumi_offline.engine.runner import Pulumi, PulumiError

_MUST_BE_SET = frozenset({"googleProject", "awsAccountId"})


class StackError(NotReadError):
    """The stack can't be read. The message says why, and what to do."""


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A deployed stack.

    Args:
        name: Its name.
        settings: Its settings, as they are configured now.
        outputs: Its outputs, as the last ``pulumi up`` left them.
    """

    name: str
    settings: Settings
    outputs: Mapping[str, Any]


def read_stack(name: str) -> Stack:
    """Asks the engine on PATH about a stack of the project in the current folder.

    Raises:
        StackError: There is no engine, no such stack, or nothing is deployed; or its settings can't be used.
    """
    configured, outputs = _asked(name, "config"), _asked(name, "stack", "output")
    if not outputs:
        run = command_line("pulumi", "up", "--stack", name)
        raise StackError(f"the stack {name} has no outputs, so nothing is deployed: run `{run}`")
    # The engine prints no value of a secret.
    secret = frozenset(key for key, entry in _settings(configured).items() if entry.get("secret"))
    try:
        settings = Settings.read(values_of(configured), stack=name, secret=secret)
    except SettingsError as error:
        problems = "\n".join(f"  - {problem}" for problem in error.problems)
        raise StackError(f"the settings of the stack {name} can't be used\n{problems}") from error
    return Stack(name=name, settings=settings, outputs=outputs)


def not_deployed(stack: Stack, output: str) -> StackError:
    """The error of a stack that lacks an output."""
    run = fixes.deploy(stack.name)
    return StackError(f"the stack {stack.name} has no output {output}: it was not deployed to its end. Run `{run}`")


def values_of(configured: Mapping[str, Any]) -> dict[str, str]:
    """The settings by key, out of what ``pulumi config --json`` prints. An empty value counts as not set."""
    return {key: str(entry["value"]) for key, entry in _settings(configured).items() if entry.get("value")}


def _settings(configured: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """What is configured, by key without namespace.

    That is the project's name, which may be any: it is taken from a key that each stack sets, since a project need not
    declare the settings that have a default.
    """
    project = next((key.partition(":")[0] for key in configured if key.partition(":")[2] in _MUST_BE_SET), "")
    return {key: configured.get(f"{project}:{key}", {}) for key in KEYS}


def _asked(name: str, *command: str) -> dict[str, Any]:
    try:
        found = Pulumi(stack=name).json(*command, "--json")
    except PulumiError as error:
        raise StackError(str(error)) from error
    if not isinstance(found, dict):
        raise StackError(f"`{command_line('pulumi', *command, '--json')}` printed JSON that is not an object")
    return found
