"""Chooses what ships by the lists in ``contents``, and makes sure that the lists are right for what is locked."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from infra.package import contents
from infra.package.archive import Entry
from infra.package.guard import Shipping, refuse_missing
from infra.package.target import Target

STAND_INS = Path(__file__).parent / "stand_ins"
"""Sources of ours that ship under the names of packages that don't."""


def omitted(locked: Collection[str]) -> frozenset[str]:
    """The names of a lock whose packages stay out."""
    return frozenset(listed.name for listed in contents.OMITTED_DISTRIBUTIONS).intersection(locked)


def selected(
    files: Mapping[str, Sequence[Entry]], *, locked: Collection[str], sources: Sequence[Entry], target: Target
) -> list[Entry]:
    """What ships: of each package the files that no list leaves out, stand-ins, and the function's own sources.

    Args:
        files: For each package that was fetched, the files of its wheel.
        locked: The names of all that is locked.
        sources: The function's own.
        target: Whose standard library counts.

    Raises:
        PackageError: The function could import something that would not ship, or an entry of a list has no use.
    """
    contents.refuse_stale({name: [entry.path for entry in entries] for name, entries in files.items()}, locked=locked)
    kept, left_out = list[Entry](), set[str]()
    for name, entries in files.items():
        for entry in entries:
            if contents.ships(entry.path, distribution=name):
                kept.append(entry)
            else:
                left_out.add(entry.path)
    stand_ins = list(_stand_ins(omitted(locked)))
    shipped = [*kept, *stand_ins, *sources]
    shipping = Shipping(
        sources={entry.path: entry.content for entry in shipped if entry.path.endswith(".py")},
        stand_ins=[entry.path for entry in stand_ins],
        libraries=[entry.path for entry in shipped if entry.path.endswith(".so")],
        left_out=left_out,
        dropped={
            module for listed in contents.OMITTED_DISTRIBUTIONS if listed.name in locked for module in listed.modules
        },
    )
    refuse_missing(shipping, start=[entry.path for entry in sources], target=target)
    return shipped


def _stand_ins(left_out: Collection[str]) -> Iterator[Entry]:
    """What ships under the names of packages that don't."""
    shared = STAND_INS / "not_shipped.py"
    folders = [folder for name in sorted(left_out) if (folder := STAND_INS / f"for_{name.replace('-', '_')}").is_dir()]
    if folders:
        yield Entry.stored(shared.name, shared.read_bytes())
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            yield Entry.stored(path.relative_to(folder).as_posix(), path.read_bytes())
