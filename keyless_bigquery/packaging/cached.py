"""Built files, kept by the digest of what they were built from.

Beside each file lies its own digest, so that one that was cut short or changed is noticed and built again. Both are
written under a temporary name and renamed: two builds at once do the same work, and either's result is right.
"""

from __future__ import annotations

import contextlib
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
    """Whether ``path`` holds exactly what :func:`keep` wrote there. If so, it counts as used now."""
    try:
        expected = _seal(path).read_text(encoding="ascii").strip()
        with path.open("rb") as stream:
            whole = hashlib.file_digest(stream, "sha256").hexdigest() == expected
    except (FileNotFoundError, UnicodeDecodeError):
        return False
    if whole:
        # The time that `prune` goes by; a cache that can't be written is not pruned either.
        with contextlib.suppress(PermissionError):
            _seal(path).touch()
    return whole


def keep(path: Path, content: bytes, *, warning: str | None = None) -> None:
    """Writes ``content`` to ``path``, and its digest next to it.

    Raises:
        OSError: The folder can't be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if warning is not None:
        _replace(_warning(path), warning.encode())
    _replace(path, content)
    _replace(_seal(path), hashlib.sha256(content).hexdigest().encode("ascii"))


def warning_of(path: Path) -> str | None:
    """What there was to say when the file was built."""
    try:
        return _warning(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def prune(folder: Path, *, keep_newest: int) -> None:
    """Removes the built files that were used longest ago; a preview that wants one again builds it again."""
    built = [path for path in folder.glob("*.zip") if path.is_file()]
    for path in sorted(built, key=_last_used, reverse=True)[keep_newest:]:
        # The seal first: a file without one is not taken for whole. Another process may be pruning too.
        _seal(path).unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        _warning(path).unlink(missing_ok=True)


def _last_used(path: Path) -> float:
    try:
        return _seal(path).stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _seal(path: Path) -> Path:
    return path.with_name(path.name + ".sha256")


def _warning(path: Path) -> Path:
    return path.with_name(path.name + ".warning")


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
