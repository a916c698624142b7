"""Built files, kept by the digest of what they were built from.

Beside each file lies its own digest, so that one that was cut short or changed is noticed and built again. Both are
written under a temporary name and renamed: two builds at once do the same work, and either's result is right.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path


def digest(parts: Iterable[bytes]) -> str:
    """SHA-256 over ``parts``, in order and each with its length, so that no two lists read the same."""
    running = hashlib.sha256()
    for part in parts:
        running.update(len(part).to_bytes(8, "big"))
        running.update(part)
    return running.hexdigest()


def holds(path: Path) -> bool:
    """Whether ``path`` holds exactly what :func:`keep` wrote there."""
    try:
        expected = _seal(path).read_text(encoding="ascii").strip()
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == expected
    except (FileNotFoundError, UnicodeDecodeError):
        return False


def keep(path: Path, content: bytes) -> None:
    """Writes ``content`` to ``path``, and its digest beside it.

    Raises:
        OSError: The folder can't be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _replace(path, content)
    _replace(_seal(path), hashlib.sha256(content).hexdigest().encode("ascii"))


def _seal(path: Path) -> Path:
    return path.with_name(path.name + ".sha256")


def _replace(path: Path, content: bytes) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
