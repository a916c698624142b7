"""Reads the lock: which packages it has, and what each is there for. uv writes that as ``# via`` comments."""

from __future__ import annotations

import dataclasses
import re

LIBRARY = "the library"
"""In :attr:`Locked.needed_by`, the library's own ``requirements.in``."""

USER = "the user"
"""In :attr:`Locked.needed_by`, any other ``requirements.in``: its author named the package."""

_LIBRARYS_OWN = "keyless_bigquery/runtime/requirements.in"
_NAME = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(\[[^]]*\])?\s*(==|@)", re.ASCII)
_SOURCE = re.compile(r"\s*#(?:\s+via\b)?\s*(?P<source>(?:-[rc]\s+)?[^\s\[]+)?", re.ASCII)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Locked:
    """One entry of a lock.

    Args:
        name: The package's normalised name; empty for a line that names none, such as an option.
        text: The entry as it stands, without comments.
        needed_by: The packages that require it, with :data:`LIBRARY` and :data:`USER`. Empty: the lock doesn't say.
    """

    name: str
    text: str
    needed_by: frozenset[str]


def read(lock: str) -> list[Locked]:
    """The entries of a lock, in its order."""
    blocks: list[list[str]] = []
    for line in lock.splitlines():
        if line.strip() and not line.startswith((" ", "\t", "#")):
            blocks.append([line])
        elif blocks and line.startswith((" ", "\t")):
            blocks[-1].append(line)
    return [_entry(block) for block in blocks]


def normalised(name: str) -> str:
    """A package's name, as a lock has it. Source: PyPA, "Names and normalization"."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _entry(lines: list[str]) -> Locked:
    comments = [line for line in lines if line.lstrip().startswith("#")]
    named = _NAME.match(lines[0])
    sources = (_SOURCE.match(line) for line in comments)
    return Locked(
        name=normalised(named["name"]) if named else "",
        text="\n".join(line for line in lines if line not in comments) + "\n",
        needed_by=frozenset(
            _dependent(found["source"])
            for found in sources
            if found and found["source"] and not found["source"].startswith("-c")
        ),
    )


def _dependent(source: str) -> str:
    if source.startswith("-r"):
        return LIBRARY if source.endswith(_LIBRARYS_OWN) else USER
    return normalised(source)
