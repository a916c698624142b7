"""What of the user's folder ships: sources and data files, at the top of the package."""

from __future__ import annotations

import re
import stat
import sys
from collections.abc import Collection, Iterator
from pathlib import Path

from keyless_bigquery.packaging.errors import PackageError
from keyless_bigquery.packaging.importer import PROVIDED

LARGEST_FILE_BYTES = 20 * 1024 * 1024
"""Largest file of the user's that ships."""

_STAYS = re.compile(
    r"(.*/)?(\..*|__pycache__/.*|tests?/.*|[^/]*\.pyc|test_[^/]*\.py|[^/]*_test\.py|conftest\.py)"
    r"|requirements[^/]*|example_event[^/]*\.json"
)
"""Hidden files, bytecode, tests, and what is there for other programs than the function."""


def read_sources(folder: Path) -> dict[str, bytes]:
    """The files of the user's folder that ship, by path.

    Raises:
        PackageError: There is no source, or a file that can't ship.
    """
    found = dict(_files(folder))
    if not any(path.endswith(".py") for path in found):
        raise PackageError(f"{folder} holds no *.py that ships: the function's sources are missing.")
    return found


def refuse_shadows(paths: Collection[str], *, taken: Collection[str], folder: Path) -> None:
    """Makes sure that no file of the user's takes the name of something that the package or Lambda's runtime has.

    Args:
        paths: The user's files.
        taken: The names at the top of the package without them.
        folder: Where they lie, for the error.

    Raises:
        PackageError: One does.
    """
    importable = {_module(path) for path in paths if path.endswith(".py")}
    for path in sorted(paths):
        name = _module(path)
        if name in taken:
            what = "a package that ships with the function"
        elif name in importable and name in sys.stdlib_module_names:
            what = "a module of Python's standard library"
        elif name in importable and name in PROVIDED:
            what = "a package of Lambda's runtime"
        else:
            continue
        raise PackageError(
            f"{folder.name}/{path} has the name of {what}, {name!r}, which would no longer be found. Rename it."
        )


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        place = path.relative_to(folder).as_posix()
        if _STAYS.fullmatch(f"{place}/" if path.is_dir() else place):
            continue
        kind = path.lstat()
        if stat.S_ISDIR(kind.st_mode):
            continue
        if not stat.S_ISREG(kind.st_mode):
            raise PackageError(
                f"{path} is a symbolic link, or no regular file, and can't ship. Put the file itself there."
            )
        if kind.st_size > LARGEST_FILE_BYTES:
            raise PackageError(
                f"{path} has {kind.st_size} bytes, and a file of the function may have {LARGEST_FILE_BYTES}. Keep it in"
                " a bucket, and read it from there."
            )
        yield place, path.read_bytes()


def _module(path: str) -> str:
    return path.partition("/")[0].removesuffix(".py")
