"""Which stacks there are, for a command that needs one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from federation_emulator.expected import ExpectedError
from keyless_bigquery.runtime.printable import one_line
from keyless_tools.boundary import UsageError

_NO_SUCH_STACK = "no stack named"
"""How the engine refuses the name of a stack that isn't there."""


def on_stack(name: str | None, run: Callable[[], int]) -> int:
    """Runs a command on a stack.

    Args:
        name: The stack's name as it was typed; ``None`` if none was.
        run: The command; returns its exit code.

    Raises:
        UsageError: No name was typed, or there is no such stack; the text lists those that there are.
    """
    if name is None:
        raise UsageError(f"no stack is named; {stacks()}")
    try:
        return run()
    except ExpectedError as error:
        if _NO_SUCH_STACK not in str(error):
            raise
        raise UsageError(one_line(f"there is no stack {name!r}; {stacks()}")) from error


def stacks() -> str:
    """The stacks of the project in the current folder, in words: the backend's, or else those that have settings."""
    from pulumi_offline.engine.runner import Pulumi, PulumiError

    try:
        names = [str(stack["name"]) for stack in Pulumi().json("stack", "ls", "--json")]
    except PulumiError as error:
        files = sorted(path.name.split(".", 1)[1].removesuffix(".yaml") for path in Path().glob("Pulumi.*.yaml"))
        return one_line(f"settings are here for {', '.join(files) or 'none'} ({error})")
    return one_line(f"this project has {', '.join(names) or 'none yet: `pulumi stack init dev`'}")
