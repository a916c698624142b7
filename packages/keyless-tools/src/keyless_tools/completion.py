"""Completions of the command line for bash and zsh, with the stacks that have settings in the current folder."""

from __future__ import annotations

from typing import Final

import shtab

from keyless_tools.cli import parser

_STACKS: Final = r"ls Pulumi.*.yaml 2>/dev/null | sed -n 's/^Pulumi\.\(.*\)\.yaml$/\1/p'"


def script(shell: str) -> str:
    """The lines that a shell evaluates.

    Args:
        shell: ``bash`` or ``zsh``.
    """
    return str(shtab.complete(parser(complete_stacks=shtab.cmd(_STACKS)), shell=shell))
