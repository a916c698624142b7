"""Which stacks there are, for a command that needs one."""

from __future__ import annotations

from pathlib import Path

from keyless_bigquery.runtime.printable import one_line
from keyless_tools.boundary import UsageError

_NO_SUCH_STACK = "no stack named"


def existing(name: str | None) -> str:
    """The stack that a command acts on.

    Args:
        name: The stack's name as it was typed; ``None`` if none was.

    Raises:
        UsageError: None was, or there is no such stack; the text lists those that there are.
    """
    from pulumi_offline.engine.runner import READING_SECONDS, Pulumi

    if name is None:
        raise UsageError(f"no stack is named; {stacks()}")
    found = Pulumi(stack=name).run("stack", "--show-name", limit_seconds=READING_SECONDS)
    # Any other failure is reported by whatever reads the stack.
    if not found.succeeded and _NO_SUCH_STACK in found.errors:
        raise UsageError(one_line(f"there is no stack {name!r}; {stacks()}"))
    return name


def stacks() -> str:
    """The stacks of the project in the current folder, in words: the backend's, or else those that have settings."""
    from pulumi_offline.engine.runner import Pulumi, PulumiError

    try:
        names = [str(stack["name"]) for stack in Pulumi().json("stack", "ls", "--json")]
    except PulumiError as error:
        files = sorted(path.name.split(".", 1)[1].removesuffix(".yaml") for path in Path().glob("Pulumi.*.yaml"))
        return one_line(f"settings are here for {', '.join(files) or 'none'} ({error})")
    return one_line(f"this project has {', '.join(names) or 'none yet: `pulumi stack init dev`'}")
