"""The system's file cache: what of a package is in it, and evicting all of it.

The kernel evicts file by file (``posix_fadvise`` with ``POSIX_FADV_DONTNEED``), which needs no privilege and leaves
everything else on the machine as warm as it was: the interpreter and its library among it, as in Lambda, where they are
part of the image and only the package is fetched. Names and sizes of files stay known.
"""

from __future__ import annotations

import ctypes
import mmap
import os
from collections.abc import Iterable
from pathlib import Path


def evict(folder: Path) -> None:
    """Evicts every file in ``folder``. What some process has mapped stays."""
    for path in _files(folder):
        handle = os.open(path, os.O_RDONLY)
        try:
            # What is not on the disk yet can't go.
            os.fsync(handle)
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(handle)


def prefetch(folder: Path) -> None:
    """Reads every file in ``folder``."""
    for path in _files(folder):
        path.read_bytes()


def share_held(folder: Path) -> float:
    """Which share of the pages of ``folder`` is in the cache, from 0 to 1."""
    held = pages = 0
    library = ctypes.CDLL(None, use_errno=True)
    for path in _files(folder):
        size = path.stat().st_size
        if size:
            count = -(-size // mmap.PAGESIZE)
            held += _resident(library, path, size, count)
            pages += count
    return held / max(pages, 1)


def _resident(library: ctypes.CDLL, path: Path, size: int, count: int) -> int:
    """How many pages of a file are in the cache: mincore(2) over a mapping of it."""
    pages = (ctypes.c_ubyte * count)()
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), size, flags=mmap.MAP_PRIVATE) as mapped:
        view = (ctypes.c_ubyte * size).from_buffer(mapped)
        try:
            if library.mincore(ctypes.byref(view), ctypes.c_size_t(size), pages) != 0:
                number = ctypes.get_errno()
                raise OSError(number, os.strerror(number), str(path))
        finally:
            # The mapping can't be closed while the view is there.
            del view
    return sum(page & 1 for page in pages)


def _files(folder: Path) -> Iterable[Path]:
    return (path for path in folder.rglob("*") if path.is_file())
