"""What the engine knows of a stack: its settings and its outputs."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.runner import READING_SECONDS, Pulumi, PulumiError
from infra.command_line import command_line
from infra.settings import KEYS, Settings, SettingsError
from keyless_bigquery.runtime.printable import as_lines, one_line

_ALWAYS_SET = "googleUniverseDomain"
_NO_SUCH_STACK = "no stack named"


class StackError(Exception):
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
    try:
        settings = Settings.read(values_of(configured), stack=name, secret=_secret(configured))
    except SettingsError as error:
        problems = "\n".join(f"  - {problem}" for problem in error.problems)
        raise StackError(f"the settings of the stack {name} can't be used\n{problems}") from error
    return Stack(name=name, settings=settings, outputs=outputs)


def values_of(configured: Mapping[str, Any]) -> dict[str, str]:
    """The settings by key, out of what ``pulumi config --json`` prints. An empty value counts as not set.

    The keys' namespace is the project's name, which may be any: it is taken from a key that always has a value.
    """
    project = _project(configured)
    values = {key: configured.get(f"{project}:{key}", {}).get("value") for key in KEYS}
    return {key: str(value) for key, value in values.items() if value}


def _project(configured: Mapping[str, Any]) -> str:
    return next((key.partition(":")[0] for key in configured if key.endswith(f":{_ALWAYS_SET}")), "")


def _secret(configured: Mapping[str, Any]) -> frozenset[str]:
    """The settings that the engine keeps as secrets; it prints no value of theirs."""
    project = _project(configured)
    return frozenset(key for key in KEYS if configured.get(f"{project}:{key}", {}).get("secret"))


def named_stack(parser: argparse.ArgumentParser, name: str | None) -> str:
    """The stack that a command acts on; without one that exists the command ends, with the stacks that do.

    Args:
        parser: The command's own; it prints the error and exits with status 2.
        name: The stack's name as it was typed; ``None`` if none was.
    """
    try:
        if name is not None:
            found = Pulumi(stack=name).run("stack", "--show-name", limit_seconds=READING_SECONDS)
            if found.succeeded or _NO_SUCH_STACK not in found.errors:
                # Any other failure is reported by whatever reads the stack.
                return name
        stacks = ", ".join(str(stack["name"]) for stack in Pulumi().json("stack", "ls", "--json"))
    except PulumiError as error:
        return parser.error(as_lines(error))
    problem = "no stack is named" if name is None else f"there is no stack {name!r}"
    return parser.error(one_line(f"{problem}; this project has {stacks or 'none yet: `pulumi stack init dev`'}"))


def _asked(name: str, *command: str) -> dict[str, Any]:
    try:
        found = Pulumi(stack=name).json(*command, "--json")
    except PulumiError as error:
        raise StackError(str(error)) from error
    if not isinstance(found, dict):
        raise StackError(f"`{command_line('pulumi', *command, '--json')}` printed JSON that is not an object")
    return found
