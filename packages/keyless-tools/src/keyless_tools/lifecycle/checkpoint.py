"""A state file, or what stands beside it, that a killed engine left unreadable, and the copy of the one before it.

A backend on a folder keeps both: ``STACK.json``, and ``STACK.json.bak`` with what it held before the latest write. The
services keep their state whole by themselves.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pulumi_offline.engine.pins import project_name
from pulumi_offline.engine.runner import READING_SECONDS, Pulumi


def folder_of_backend() -> Path | None:
    """The folder that holds the state; ``None`` for a service or a bucket."""
    asked = Pulumi().run("whoami", "--json", limit_seconds=READING_SECONDS)
    url = urlsplit(str(json.loads(asked.output)["url"]) if asked.succeeded else "")
    return Path(unquote(url.netloc + url.path)).expanduser() if url.scheme == "file" else None


def put_back(folder: Path, stack: str) -> Path | None:
    """Replaces an unreadable state file in a backend's folder by the copy of the one before it.

    Returns:
        The file that was replaced or removed; ``None`` if all can be read, or there is no copy that can.
    """
    state = folder / ".pulumi" / "stacks" / project_name() / f"{stack}.json"
    # What the file is encoded in stands beside it, and says no more than its absence does.
    attributes = state.with_name(f"{state.name}.attrs")
    if attributes.is_file() and not _readable(attributes):
        attributes.unlink()
        return attributes if _readable(state) else put_back(folder, stack)
    before = state.with_name(f"{state.name}.bak")
    if not state.is_file() or _readable(state) or not _readable(before):
        return None
    # Beside it first, so that nothing is lost if this is cut off, too.
    copy = state.with_name(f"{state.name}.recovered")
    shutil.copyfile(before, copy)
    copy.replace(state)
    return state


def _readable(file: Path) -> bool:
    try:
        return isinstance(json.loads(file.read_bytes()), dict)
    except (OSError, ValueError):
        return False
