"""Paths of Unix sockets, which have room for about a hundred characters only."""

from __future__ import annotations

import os
from pathlib import Path

_MOST_BYTES = 107
"""Linux, unix(7): ``sun_path`` has 108 bytes, one of them the end."""


def reachable(path: str) -> str:
    """Return a path by which this process can connect to a socket, however long its own is."""
    if len(os.fsencode(path)) <= _MOST_BYTES or not Path(path).parent.is_dir():
        return path
    # Held open for as long as the process lives: one for each local cloud that it talks to.
    folder = os.open(Path(path).parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    return f"/proc/self/fd/{folder}/{Path(path).name}"
