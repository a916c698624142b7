"""Every candidate, packaged for this machine and ready to be started.

The usual way is pip's own: ``pip install --target``, with the handler next to what it installed. The project's way is
:mod:`keyless_bigquery.packaging`, for the function itself and for the floor. Packages are kept in the cache folder.
"""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.commands import run
from federation_emulator.servers.cache import build_once, digest
from keyless_bigquery import packaging as package
from keyless_bigquery.components.program import FUNCTION, LIBRARY, package_cache
from keyless_bigquery.packaging.target import ARCHITECTURES

CANDIDATES = Path(__file__).parent / "candidates"
"""The candidates' handlers and locks."""

_LOCK = "requirements.txt"
_INSTALL_SECONDS = 600.0
_PLATFORMS = ("manylinux_2_28", "manylinux_2_27", "manylinux_2_26", "manylinux_2_17", "manylinux2014")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Program:
    """A candidate, ready to be started: an unpacked package, its handler's module, and whether it prints rows."""

    name: str
    folder: Path
    handler: str = "handler"
    reads: bool = True


@contextlib.contextmanager
def programs() -> Iterator[Mapping[str, Program]]:
    """The candidates by name, in the order in which they are started: what a goal compares, right after each other.

    ``naive`` is the usual article's, ``floor`` the least that can read a row. What was unpacked goes with the context.
    """
    target = package.Target.host()
    kept = package_cache().parent
    kept.mkdir(parents=True, exist_ok=True)
    # Next to the kept ones: on the same disk, so that a cold file is as cold for each.
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir=kept) as name:
        folder = Path(name)
        found = (
            Program(name="bare interpreter", folder=usual("bare", target, bytecode=False), reads=False),
            Program(name="floor, usual zip", folder=usual("floor", target, bytecode=False)),
            Program(name="floor, our packaging", folder=_unpacked(_packaged("floor", target), folder)),
            Program(name="ours", folder=_unpacked(ours(target), folder), handler="keyless_bigquery.runtime.entry"),
            *(
                Program(name=f"{heavy}, {how}", folder=usual(heavy, target, bytecode=bytecode))
                for heavy in ("naive", "pandas")
                for how, bytecode in (("usual zip", False), ("with bytecode", True))
            ),
        )
        yield {program.name: program for program in found}


def ours(target: package.Target, *, bytecode: package.Bytecode = package.Bytecode.WHERE_AVAILABLE) -> Path:
    """The zip of the function, as the program builds it."""
    return package.build(
        target=target,
        function=FUNCTION,
        library=LIBRARY,
        lock=FUNCTION / _LOCK,
        cache=package_cache(),
        bytecode=bytecode,
    )


def _packaged(name: str, target: package.Target) -> Path:
    """The zip of a candidate, as the program builds packages: what it names is left out as for the library."""
    source = CANDIDATES / name
    text = (source / _LOCK).read_text().replace(f"benchmarks/candidates/{name}/", "keyless_bigquery/runtime/")
    with tempfile.NamedTemporaryFile("w", suffix=f"-{_LOCK}") as lock:
        lock.write(text)
        lock.flush()
        return package.build(target=target, function=source, library=None, lock=Path(lock.name), cache=package_cache())


def usual(name: str, target: package.Target, *, bytecode: bool) -> Path:
    """A folder with what ``pip install --target`` installs for a candidate, and its handler.

    The bytecode that pip compiles is the running interpreter's.

    Raises:
        BenchmarkError: pip could not install it.
    """
    source = CANDIDATES / name
    files = [*sorted(source.glob("*.py")), *source.glob(_LOCK)]
    inputs = digest(str(target).encode(), str(bytecode).encode(), *(path.read_bytes() for path in files))

    def install(folder: Path) -> None:
        if (source / _LOCK).exists():
            _pip(source / _LOCK, target, folder, bytecode=bytecode)
        for path in source.glob("*.py"):
            shutil.copy(path, folder)

    place = package_cache().parent / "benchmarks" / f"{name}-{target.runtime}-{target.architecture}-{inputs}"
    return build_once(place, install, waiting=lambda: None)


def zipped(folder: Path) -> Path:
    """A zip of a folder, compressed as ``zip -r`` does it by default."""

    def compress(place: Path) -> None:
        shutil.make_archive(str(place / "package"), "zip", folder)

    return build_once(folder.with_name(f"{folder.name}-zipped"), compress, waiting=lambda: None) / "package.zip"


def _unpacked(archive: Path, folder: Path) -> Path:
    """A folder below ``folder`` with what a zip holds."""
    place = folder / archive.stem
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(place)
    return place


def _pip(lock: Path, target: package.Target, folder: Path, *, bytecode: bool) -> None:
    command = [
        *(sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--quiet"),
        *("--target", str(folder), "--requirement", str(lock), "--require-hashes", "--no-deps"),
        *("--only-binary=:all:", "--implementation", "cp", "--python-version", target.python.python_version),
        # pip takes each platform by itself; these are what the candidates' wheels are tagged with.
        *(part for tag in _PLATFORMS for part in ("--platform", f"{tag}_{ARCHITECTURES[target.architecture]}")),
        "--compile" if bytecode else "--no-compile",
    ]
    run(command, folder=folder, limit_seconds=_INSTALL_SECONDS)
