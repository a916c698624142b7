"""The state: typed collections, in memory or also in a folder.

A collection with a folder is one JSON file there, replaced atomically at every change and read once at start. When a
change has been acknowledged, it is on the disk. A file that can't be read stops the start: guessing at policies would
be worse than not running.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from base64 import b64encode, urlsafe_b64decode
from binascii import Error as Base64Error
from collections.abc import Iterator
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from federation_emulator.core.errors import StateError

_AS_WRITTEN = ConfigDict(extra="forbid", strict=True)
"""A value is read as it was written, or not at all."""


T = TypeVar("T")


class Collection(Generic[T]):
    """Values by key, in the order in which they were first put.

    Args:
        name: File name without its ending.
        folder: Where the file lives; ``None`` keeps everything in memory only.

    Raises:
        StateError: The file is there but isn't what this class wrote.
    """

    def __init__(self, name: str, kind: type[T], *, folder: Path | None) -> None:
        self._file = None if folder is None else folder / f"{name}.json"
        self._values: dict[str, T] = {}
        self._stored: TypeAdapter[dict[str, T]] = TypeAdapter(dict[str, kind], config=_AS_WRITTEN)  # type: ignore[valid-type]  # known when it runs
        if self._file is None:
            return
        # Left by a kill in the middle of a write.
        for unfinished in self._file.parent.glob(f"{_unfinished(self._file)}*"):
            unfinished.unlink(missing_ok=True)
        if self._file.exists():
            try:
                self._values = self._stored.validate_json(self._file.read_bytes())
            except ValidationError as problem:
                raise StateError(
                    f"{self._file} can't be read as saved state ({first_problem(problem)}); move it away to start empty"
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
        _write_durably(file, self._stored.dump_json(values))
        self._values = values


def first_problem(error: ValidationError) -> str:
    """Say what is wrong with a file first, and where, but not with which value: it may be a secret."""
    first = error.errors(include_input=False, include_url=False)[0]
    return ": ".join(filter(None, [".".join(map(str, first["loc"])), first["msg"]]))


def _write_durably(path: Path, content: bytes) -> None:
    """Replace a file so that a kill or a crash at any moment leaves the old one or the new one, whole."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=_unfinished(path))
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
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
