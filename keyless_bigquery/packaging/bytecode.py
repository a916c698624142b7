"""Bytecode for the function's own interpreter, so that a cold start compiles nothing."""

from __future__ import annotations

import enum
import json
import subprocess
from collections.abc import Collection
from pathlib import Path

from keyless_bigquery.packaging import compiling
from keyless_bigquery.packaging.errors import PackageError
from keyless_bigquery.packaging.interpreters import ENVIRONMENT, Interpreter, find
from keyless_bigquery.packaging.target import Target

_COMPILE_SECONDS = 120


class Bytecode(enum.StrEnum):
    """Whether bytecode ships beside the sources."""

    WHERE_AVAILABLE = "whereAvailable"
    REQUIRED = "required"
    NONE = "none"


def compiler(target: Target, choice: Bytecode) -> Interpreter | None:
    """The interpreter that compiles for ``target``; ``None``: there is none, and the package has its sources only.

    Raises:
        PackageError: Bytecode is required, and there is no interpreter that could compile it.
    """
    if choice is Bytecode.NONE:
        return None
    found = find(target.python.python_version)
    if found is None and choice is Bytecode.REQUIRED:
        raise PackageError(
            f"functionBytecode is {choice}, and {_absent(target)} Or set it to {Bytecode.WHERE_AVAILABLE}."
        )
    return found


def absence(target: Target) -> str:
    """The warning where bytecode would ship, and there is no interpreter that compiles it."""
    return (
        f"The functions get no bytecode, so each cold start compiles: {_absent(target)}"
        f" functionBytecode={Bytecode.NONE} stops this line, and {Bytecode.REQUIRED} makes it an error."
    )


def _absent(target: Target) -> str:
    version = target.python.python_version
    return (
        f"there is no Python {version} here, which alone compiles for {target.runtime}. Install one that is found as"
        f" python{version} on PATH, such as by `uv python install {version}` or `pyenv install {version}`."
    )


def compile_all(folder: Path, *, by: Interpreter, undocumented: Collection[str]) -> None:
    """Compiles the sources below a folder, each into the ``__pycache__`` next to it.

    Raises:
        PackageError: It took more than two minutes, or failed.
    """
    try:
        # No shell; the program is the interpreter that was found, and the files are ours.
        done = subprocess.run(
            by.command(compiling.__file__, str(folder)),
            input=json.dumps(sorted(undocumented)),
            env=dict(ENVIRONMENT),
            capture_output=True,
            text=True,
            timeout=_COMPILE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise PackageError(
            f"{by.path} compiled the function's package for {_COMPILE_SECONDS} s and was not done. Run the program"
            " again, or set functionBytecode to none."
        ) from None
    if done.returncode != 0:
        raise PackageError(
            f"Python {by.version} ({by.path}) can't compile the function's package: {done.stderr.strip()[-300:]}"
        )
