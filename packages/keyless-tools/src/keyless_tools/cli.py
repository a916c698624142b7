"""The command line `keyless`: every command of those who run a stack.

Exit codes: 0 done, all checks passed; 1 refused or failed; 2 wrong usage, or what it asks about can't be read;
130 interrupted; 141 what reads the output has gone.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from itertools import groupby

from keyless_tools import boundary, stacks
from keyless_tools.commands import COMMANDS


def main(arguments: Sequence[str] | None = None) -> int:
    """Does what the command line asks; ``None`` takes the process's own. Returns the exit code."""
    given = parser().parse_args(arguments)
    command = next(one for one in COMMANDS if one.name == given.of_keyless)

    def run() -> int:
        if command.of_stack and not command.alone(given):
            return stacks.on_stack(given.stack, lambda: command.run(given))
        return command.run(given)

    return boundary.run(run, name=command.name, interrupted=command.interrupted)


def parser(*, complete_stacks: object = None) -> argparse.ArgumentParser:
    """The command line.

    Args:
        complete_stacks: How a shell finds the stacks, in the words of what writes completions.
    """
    made = _Parser(prog="keyless", formatter_class=argparse.RawDescriptionHelpFormatter)
    # Not `command`, which the local cloud's own commands are.
    commands = made.add_subparsers(
        dest="of_keyless", required=True, metavar="COMMAND", parser_class=argparse.ArgumentParser
    )
    for command in COMMANDS:
        added = commands.add_parser(
            command.name, help=command.help, description=f"{command.help[:1].upper()}{command.help[1:]}."
        )
        if command.of_stack:
            stack = added.add_argument("stack", nargs="?", help="the stack; without one, they are listed")
            stack.complete = complete_stacks  # type: ignore[attr-defined]  # shtab reads it
        for add_to in command.options:
            add_to(added)
    return made


class _Parser(argparse.ArgumentParser):
    """A parser whose help lists the commands by group."""

    def format_help(self) -> str:
        """The help, on one screen."""
        lines = ["usage: keyless COMMAND [STACK] [OPTION …]; keyless COMMAND --help lists options"]
        for group, commands in groupby(COMMANDS, key=lambda command: command.group):
            lines += [f"{group}:", *(f"  {command.name:<12} {command.help}" for command in commands)]
        return "\n".join([*lines, "exit codes: 0 done, 1 refused or failed, 2 wrong usage or not readable", ""])
