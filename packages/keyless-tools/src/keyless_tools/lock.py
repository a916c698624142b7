"""Pins what a function ships: the library's own requirements, then the user's, each with its hashes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import keyless_bigquery
from federation_emulator.expected import ExpectedError
from keyless_bigquery.command_line import command_line
from keyless_tools.boundary import UsageError

_LIBRARYS = Path(keyless_bigquery.__file__).with_name("runtime") / "requirements.in"
_FROM_LIBRARY = re.compile(r"-r .*(keyless_bigquery/runtime/requirements\.in)$", re.MULTILINE)
_OPTIONS = (
    *("--quiet", "--color", "never", "--universal", "--python-version", "3.11", "--generate-hashes"),
    *("--no-emit-index-url", "--no-emit-find-links", "--custom-compile-command", "keyless lock"),
)
_SECONDS = 300.0


class LockError(ExpectedError):
    """The requirements can't be locked; the text is the whole message."""


def lock(folder: Path) -> Path:
    """Compiles a function's ``requirements.in`` into its ``requirements.txt``.

    Versions that are locked already stay, as far as the requirements allow.

    Args:
        folder: The function's folder.

    Returns:
        The lock.

    Raises:
        UsageError: The folder has no ``requirements.in``.
        LockError: uv finds no versions that fit, can't reach the registry, or takes too long.
    """
    users, target = folder / "requirements.in", folder / "requirements.txt"
    if not users.is_file():
        raise UsageError(f"{users} is not there; it names the packages of the function, one a line, or none")
    command = ["uv", "pip", "compile", *_OPTIONS, str(_LIBRARYS), str(users), "-o", str(target)]
    try:
        done = subprocess.run(
            [sys.executable, "-m", *command], capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise LockError(
            f"`{command_line(*command)}` took longer than {_SECONDS:.0f} s: is the package registry reachable?"
        ) from error
    if done.returncode != 0:
        raise LockError(f"{users} can't be locked: {' '.join(done.stderr.split()) or 'uv printed nothing'}")
    # The same on each machine, wherever the library is installed.
    target.write_text(_FROM_LIBRARY.sub(r"-r \1", target.read_text()))
    return target
