"""Every candidate, packaged for this machine and ready to be started."""

from __future__ import annotations

import contextlib
import dataclasses
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks import packaging
from benchmarks.packaging import remove, unpacked, usual
from benchmarks.starting import Program
from keyless_bigquery.components.program import package_cache
from keyless_bigquery.packaging import Target


@dataclasses.dataclass(frozen=True, kw_only=True)
class Programs:
    """The candidates.

    Args:
        bare: The interpreter, and a handler that does nothing.
        floor_usual: google-auth and urllib3 by hand, as pip leaves it, zipped without bytecode.
        floor: The same in the project's packaging.
        ours: The function.
        naive: The usual article's, zipped without bytecode, as AWS advises.
        naive_compiled: The same with the bytecode that pip compiled, valid.
        pandas: With a data frame, zipped without bytecode.
        pandas_compiled: The same with bytecode.
    """

    bare: Program
    floor_usual: Program
    floor: Program
    ours: Program
    naive: Program
    naive_compiled: Program
    pandas: Program
    pandas_compiled: Program

    def all(self) -> tuple[Program, ...]:
        """Every one, in the order in which they are started: what a goal compares, right after each other."""
        return tuple(getattr(self, field.name) for field in dataclasses.fields(self))


@contextlib.contextmanager
def programs() -> Iterator[Programs]:
    """The candidates' packages, built or found in the cache; what was unpacked goes with the context."""
    target = Target.host()
    kept = package_cache().parent
    kept.mkdir(parents=True, exist_ok=True)
    # Next to the kept ones: on the same disk, so that a cold file is as cold for each.
    folder = Path(tempfile.mkdtemp(prefix="benchmark-", dir=kept))
    try:
        yield Programs(
            bare=Program(name="bare interpreter", folder=usual("bare", target, bytecode=False), reads=False),
            floor=Program(
                name="floor, our packaging",
                folder=unpacked(packaging.packaged("floor", target), folder),
            ),
            floor_usual=Program(name="floor, usual zip", folder=usual("floor", target, bytecode=False)),
            ours=Program(
                name="ours",
                folder=unpacked(packaging.ours(target), folder),
                handler="keyless_bigquery.runtime.entry",
            ),
            naive=Program(name="naive, usual zip", folder=usual("naive", target, bytecode=False)),
            naive_compiled=Program(name="naive, with bytecode", folder=usual("naive", target, bytecode=True)),
            pandas=Program(name="pandas, usual zip", folder=usual("pandas", target, bytecode=False)),
            pandas_compiled=Program(name="pandas, with bytecode", folder=usual("pandas", target, bytecode=True)),
        )
    finally:
        remove(folder)
