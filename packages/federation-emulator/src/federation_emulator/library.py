"""What the client takes from keyless_bigquery: modules of the standard library alone.

The wheel carries a copy of the modules that this package needs, since keyless-bigquery is on no index. In this
repository there is no copy: the modules are those of the workspace.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyless_bigquery.cache import CACHE_VARIABLE, cache_folder
    from keyless_bigquery.command_line import command_line
    from keyless_bigquery.runtime.printable import as_lines, escape_what_stdout_lacks, one_line
    from keyless_bigquery.runtime.signature import signed_headers

__all__ = [
    "CACHE_VARIABLE",
    "as_lines",
    "cache_folder",
    "command_line",
    "escape_what_stdout_lacks",
    "one_line",
    "signed_headers",
]

_CARRIED = Path(__file__).with_name("_library")


def make_importable() -> None:
    """Lets a server's process import keyless_bigquery: the copy that the wheel carries, if it carries one."""
    if _CARRIED.is_dir() and str(_CARRIED) not in sys.path:
        sys.path.insert(0, str(_CARRIED))


def _module(name: str) -> ModuleType:
    # By its longer name, since the process may be a user's test: their sys.path stays as it is.
    place = f"{__package__}._library." if _CARRIED.is_dir() else ""
    return importlib.import_module(f"{place}keyless_bigquery.{name}")


if not TYPE_CHECKING:
    _cache, _commands = _module("cache"), _module("command_line")
    _printable, _signature = _module("runtime.printable"), _module("runtime.signature")
    CACHE_VARIABLE, cache_folder = _cache.CACHE_VARIABLE, _cache.cache_folder
    command_line = _commands.command_line
    as_lines, one_line = _printable.as_lines, _printable.one_line
    escape_what_stdout_lacks = _printable.escape_what_stdout_lacks
    signed_headers = _signature.signed_headers
