"""Finds an interpreter of a runtime's own version, which alone can compile for it."""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_PROBE_SECONDS = 10
_PROBE = """
import json, sys
print(json.dumps([sys.implementation.name, *sys.version_info[:4], getattr(sys, "abiflags", "")]))
"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Interpreter:
    """A CPython that was run, and is what it is taken for; its version goes to the patch, such as ``3.14.2``."""

    path: Path
    version: str

    def command(self, *arguments: str) -> list[str]:
        """The command that runs it with ``arguments``, and without what is installed beside it or for the user."""
        return [str(self.path), "-S", "-s", "-P", "-W", "ignore", *arguments]


ENVIRONMENT: Mapping[str, str] = {"PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8"}
"""All that an interpreter sees of the environment: what it compiles must not depend on whose machine it is."""


def find(python_version: str, environ: Mapping[str, str] = os.environ) -> Interpreter | None:
    """The first interpreter of that version that works; ``None``: there is none.

    Looked at are the one that runs this, ``PATH``, and the folders of pyenv and uv, the newest first. Each is run once:
    pyenv's commands on ``PATH`` are there for every version that is installed, and fail for those that are not active.
    """
    for path in _candidates(python_version, environ):
        version = _version(path)
        if version is not None and version.rpartition(".")[0] == python_version:
            return Interpreter(path=path, version=version)
    return None


def _candidates(python_version: str, environ: Mapping[str, str]) -> Iterator[Path]:
    name = f"python{python_version}"
    if python_version == f"{sys.version_info.major}.{sys.version_info.minor}":
        yield Path(sys.executable)
    home = Path(environ.get("HOME", os.path.sep))
    pyenv = Path(environ.get("PYENV_ROOT", home / ".pyenv")) / "versions"
    data = Path(environ.get("XDG_DATA_HOME", home / ".local" / "share"))
    uv = Path(environ.get("UV_PYTHON_INSTALL_DIR", data / "uv" / "python"))
    for folder in environ.get("PATH", os.defpath).split(os.pathsep):
        yield Path(folder or os.curdir) / name
    for installed in (
        *_newest_first(pyenv, f"{python_version}.*"),
        *_newest_first(uv, f"cpython-{python_version}.*"),
    ):
        yield installed / "bin" / name


def _newest_first(folder: Path, pattern: str) -> list[Path]:
    return sorted(folder.glob(pattern), key=lambda path: (len(path.name), path.name), reverse=True)


@functools.cache
def _version(path: Path) -> str | None:
    """The version of a released CPython with its usual C interface; ``None``: it is something else, or does not run."""
    if not (path.is_file() and os.access(path, os.X_OK)):
        return None
    try:
        # This one knows at once: a preview need not start it again.
        implementation, major, minor, micro, level, flags = (
            (sys.implementation.name, *sys.version_info[:4], getattr(sys, "abiflags", ""))
            if path == Path(sys.executable)
            else _asked(path)
        )
    except (OSError, subprocess.TimeoutExpired, ValueError):
        return None
    # A version before its release, and one without the GIL, have bytecode of their own.
    if (implementation, level, flags) != ("cpython", "final", ""):
        return None
    return f"{major}.{minor}.{micro}"


def _asked(path: Path) -> list[Any]:
    """What the program at ``path`` says of itself.

    Raises:
        OSError: It can't be run.
        subprocess.TimeoutExpired: It is too slow.
        ValueError: What it says is no JSON.
    """
    # No shell; a fixed program. What runs is whatever the user has under that name on their own PATH.
    done = subprocess.run(
        [str(path), "-S", "-s", "-c", _PROBE],
        env=dict(ENVIRONMENT),
        capture_output=True,
        text=True,
        timeout=_PROBE_SECONDS,
        check=False,
    )
    found: list[Any] = json.loads(done.stdout)
    return found
