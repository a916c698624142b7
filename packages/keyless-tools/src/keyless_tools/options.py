"""Arguments of commands, and those that are long or shared."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any, Final

Option = Callable[[argparse.ArgumentParser], object]
"""Adds an argument to a command's parser."""


def option(*names: str, **how: Any) -> Option:  # noqa: ANN401  (what `add_argument` takes)
    """An argument as argparse takes it."""
    return lambda parser: parser.add_argument(*names, **how)


PLUGINS: Final = option(
    "--plugins", choices=["auto", "official", "stand-in"],
    help="Pulumi's provider plugins: official ones that are installed or can be downloaded, else stand-ins (auto); "
    "only official ones; only stand-ins. Default: KEYLESS_PLUGINS, or auto",
)  # fmt: skip

KEYS: Final = (
    option(
        "--keys", nargs="?", const="", metavar="EMAIL",
        help="list what is left of service account keys, of the stack or of EMAIL, and how to end them",
    ),
    option(
        "--days", type=int, metavar="N",
        help="with --keys: a key that was not used for so long may be deleted (default: 30; monthly jobs have run)",
    ),
)  # fmt: skip
