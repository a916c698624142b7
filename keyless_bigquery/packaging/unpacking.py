"""Makes the package as a folder: what is installed and ships, stand-ins for what doesn't, and the function on top."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from keyless_bigquery.packaging import installing
from keyless_bigquery.packaging.contents import OMITTED_DISTRIBUTIONS, Selection
from keyless_bigquery.packaging.lock import Locked
from keyless_bigquery.packaging.stand_ins import stand_ins

_LAUNCHER = b"#!"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Unpacked:
    """What became of a lock."""

    left_out: Mapping[str, str]
    judged: Collection[str]


def unpack(
    folder: Path,
    locked: Sequence[Locked],
    selection: Selection,
    *,
    python_version: str,
    wheels: str | None,
    what: str,
) -> Unpacked:
    """Fills an empty folder with the packages of a lock.

    Raises:
        PackageError: A package is not available, or two have different files of one name.
    """
    shipping = [entry for entry in locked if entry.name not in selection.omitted]
    installing.install(shipping, folder, python_version=python_version, platform=wheels, what=what)
    left_out = {module: name for name in selection.omitted for module in OMITTED_DISTRIBUTIONS[name]}
    judged: set[str] = set()
    for path, name in list(installing.owners(folder)):
        if not selection.ships(path, distribution=name):
            (folder / path).unlink(missing_ok=True)
            if path.endswith(".py"):
                left_out[path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")] = name
        elif name in selection.trimmed:
            judged.add(path)
    for launcher in folder.glob("bin/*"):
        # It begins with the path of this machine's interpreter.
        if launcher.is_file() and launcher.read_bytes().startswith(_LAUNCHER):
            launcher.unlink()
    (folder / ".lock").unlink(missing_ok=True)
    _remove_empty(folder)
    instead = stand_ins(selection.omitted)
    put(folder, instead)
    return Unpacked(left_out=left_out, judged=judged | instead.keys())


def put(folder: Path, files: Mapping[str, bytes]) -> None:
    """Writes files below a folder."""
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


def files_of(folder: Path) -> dict[str, bytes]:
    """The content of each file below a folder, by its path there."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _remove_empty(folder: Path) -> None:
    """An empty folder could be imported here, and would not be in the zip."""
    for path in sorted((path for path in folder.rglob("*") if path.is_dir()), reverse=True):
        if not any(path.iterdir()):
            path.rmdir()
