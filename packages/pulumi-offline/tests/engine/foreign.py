"""Plugins that are not this project's, as a person or Pulumi's own installer leaves them on a machine."""

from __future__ import annotations

import sys
from pathlib import Path

from pulumi_offline.engine.pins import ROOT

SERVING = "echo 4711; exec sleep 60"
"""A plugin that prints a port, as each one does, and stays."""


def plugin(home: Path, name: str, version: str, script: str = SERVING) -> Path:
    """An official plugin that is installed in a home. Returns its executable."""
    return executable(home / "plugins" / f"resource-{name}-v{version}", name, script)


def executable(folder: Path, name: str, script: str = SERVING) -> Path:
    """A plugin's executable in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / f"pulumi-resource-{name}"
    made.write_text(f"#!/bin/sh\n{script}\n")
    made.chmod(0o755)
    return made


def that_serves(name: str, *, log: Path) -> str:
    """A plugin that does what the stand-in does, and notes each of its starts."""
    served = f"{sys.executable} -m pulumi_offline.plugins {name} 0.0.1"
    return f'echo started >> {log}\nexport PYTHONPATH={ROOT}\nexec {served} "$@"'


def bytes_below(folder: Path) -> dict[str, tuple[bytes | str, int, int]]:
    """Everything below a folder: contents or what a link names, mode, and time of the last change."""
    found: dict[str, tuple[bytes | str, int, int]] = {}
    for path in sorted(folder.rglob("*")):
        state = path.lstat()
        what: bytes | str = str(path.readlink()) if path.is_symlink() else path.read_bytes() if path.is_file() else ""
        found[str(path.relative_to(folder))] = what, state.st_mode, state.st_mtime_ns
    return found
