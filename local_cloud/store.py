"""The state: typed collections, in memory or also in a folder.

A collection with a folder is one JSON file there, replaced atomically at every change and read once at start. When a
change has been acknowledged, it is on the disk. A file that can't be read stops the start: guessing at policies would
be worse than not running.
"""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from base64 import b64encode, urlsafe_b64decode
from binascii import Error as Base64Error
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Generic, Protocol, Self, TypeVar


class Stored(Protocol):
    """A value that a collection can keep."""

    def to_json(self) -> dict[str, Any]:
        """Write the value as JSON values."""
        ...

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Read what ``to_json`` wrote."""
        ...


T = TypeVar("T", bound=Stored)


class StateError(Exception):
    """The state folder holds something that can't be read."""


class Collection(Generic[T]):
    """Values by key, in the order in which they were first put.

    Args:
        name: File name without its ending.
        read: Makes a value from its stored JSON.
        folder: Where the file lives; ``None`` keeps everything in memory only.

    Raises:
        StateError: The file is there but isn't what this class wrote.
    """

    def __init__(self, name: str, read: Callable[[dict[str, Any]], T], *, folder: Path | None) -> None:
        self._file = None if folder is None else folder / f"{name}.json"
        self._values: dict[str, T] = {}
        if self._file is None:
            return
        # Left by a kill in the middle of a write.
        for unfinished in self._file.parent.glob(f"{_unfinished(self._file)}*"):
            unfinished.unlink(missing_ok=True)
        if self._file.exists():
            try:
                stored = json.loads(self._file.read_text())
                self._values = {key: read(data) for key, data in stored.items()}
            except (ValueError, KeyError, TypeError, AttributeError) as problem:
                raise StateError(
                    f"{self._file} can't be read as saved state ({problem!r}); move it away to start empty"
                ) from problem

    def get(self, key: str) -> T | None:
        """Return the value under a key, or ``None``."""
        return self._values.get(key)

    def put(self, key: str, value: T) -> None:
        """Keep a value under a key, replacing what was there. Nothing has changed if it can't be written."""
        if self._file is None:
            self._values[key] = value
        else:
            self._write(self._file, {**self._values, key: value})

    def remove(self, *keys: str) -> None:
        """Forget the values under these keys; keys that aren't there are ignored."""
        gone = set(keys) & self._values.keys()
        if self._file is None:
            for key in gone:
                del self._values[key]
        elif gone:
            self._write(self._file, {key: value for key, value in self._values.items() if key not in gone})

    def values(self) -> list[T]:
        """Return all values."""
        return list(self._values.values())

    def items(self) -> list[tuple[str, T]]:
        """Return all keys with their values."""
        return list(self._values.items())

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._values))

    def _write(self, file: Path, values: dict[str, T]) -> None:
        text = json.dumps({key: value.to_json() for key, value in values.items()}, separators=(",", ":"))
        _write_durably(file, text)
        self._values = values


def _write_durably(path: Path, text: str) -> None:
    """Replace a file so that a kill or a crash at any moment leaves the old one or the new one, whole."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=_unfinished(path))
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _unfinished(path: Path) -> str:
    return f".{path.name}."


def new_etag() -> str:
    """Make an etag: standard base64, as Google's IAM sends it."""
    return b64encode(secrets.token_bytes(9)).decode()


def same_etag(left: str, right: str) -> bool:
    """Compare etags as bytes: gcloud sends them back in base64's URL-safe alphabet."""
    try:
        return _bytes(left) == _bytes(right)
    except (Base64Error, ValueError):
        return left == right


def _bytes(etag: str) -> bytes:
    safe = etag.replace("+", "-").replace("/", "_").rstrip("=")
    return urlsafe_b64decode(safe + "=" * (-len(safe) % 4))
