"""Packages of the candidates, kept in the cache folder, unpacked where nothing can be written.

The usual way is pip's own: ``pip install --target``, with the handler next to what it installed. The project's way is
:mod:`keyless_bigquery.packaging`, for the function itself and for the floor.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.errors import PackagingError
from keyless_bigquery import packaging as package
from keyless_bigquery.components.program import FUNCTION, LIBRARY, package_cache
from keyless_bigquery.packaging.cached import digest
from keyless_bigquery.packaging.target import ARCHITECTURES

CANDIDATES = Path(__file__).parent / "candidates"
"""The candidates' handlers and locks."""

_KEPT = "benchmarks"
_LOCK = "requirements.txt"
_INSTALL_SECONDS = 600
_PLATFORMS = ("manylinux_2_28", "manylinux_2_27", "manylinux_2_26", "manylinux_2_17", "manylinux2014")
_NO_BYTECODE = "--no-compile"
_WITH_BYTECODE = "--compile"


def ours(
    target: package.Target,
    *,
    bytecode: package.Bytecode = package.Bytecode.WHERE_AVAILABLE,
    cache: Path | None = None,
) -> Path:
    """The zip of the function, as the program builds it; ``cache`` is another than the program's own."""
    return package.build(
        target=target,
        function=FUNCTION,
        library=LIBRARY,
        lock=FUNCTION / _LOCK,
        cache=cache or package_cache(),
        bytecode=bytecode,
    )


def packaged(name: str, target: package.Target) -> Path:
    """The zip of a candidate, as the program builds packages: what it names is left out as for the library."""
    source = CANDIDATES / name
    text = (source / _LOCK).read_text().replace(f"benchmarks/candidates/{name}/", "keyless_bigquery/runtime/")
    with tempfile.NamedTemporaryFile("w", suffix=f"-{_LOCK}") as lock:
        lock.write(text)
        lock.flush()
        return package.build(target=target, function=source, library=None, lock=Path(lock.name), cache=package_cache())


def usual(name: str, target: package.Target, *, bytecode: bool) -> Path:
    """A folder with what ``pip install --target`` installs for a candidate, and its handler.

    Args:
        name: The candidate's folder.
        target: Whose wheels are installed.
        bytecode: Keep the bytecode that pip compiles, which is the running interpreter's.

    Raises:
        PackagingError: pip could not install it.
    """
    source = CANDIDATES / name
    lock = source / _LOCK
    files = [*sorted(source.glob("*.py")), *([lock] if lock.exists() else [])]
    inputs = digest([str(target).encode(), str(bytecode).encode(), *(path.read_bytes() for path in files)])

    def install(folder: Path) -> None:
        if lock.exists():
            _pip(lock, target, folder, bytecode=bytecode)
        for path in source.glob("*.py"):
            shutil.copy(path, folder)

    return _kept(f"{name}-{target.runtime}-{target.architecture}-{inputs[:16]}", install)


def unpacked(archive: Path, folder: Path) -> Path:
    """A read-only folder below ``folder`` with what a zip holds."""
    place = folder / archive.stem
    with zipfile.ZipFile(archive) as zipped:
        zipped.extractall(place)
    without_writing(place)
    return place


def zipped(folder: Path) -> Path:
    """A zip of a folder, compressed as ``zip -r`` does it by default."""

    def compress(made: Path) -> None:
        with zipfile.ZipFile(made / "package.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(folder.rglob("*")):
                archive.write(path, path.relative_to(folder))

    return _kept(f"{folder.name}-zipped", compress) / "package.zip"


def _pip(lock: Path, target: package.Target, folder: Path, *, bytecode: bool) -> None:
    command = [
        *(sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--quiet"),
        *("--target", str(folder), "--requirement", str(lock), "--require-hashes", "--no-deps"),
        *("--only-binary=:all:", "--implementation", "cp", "--python-version", target.python.python_version),
        # pip takes each platform by itself; these are what the candidates' wheels are tagged with.
        *(part for tag in _PLATFORMS for part in ("--platform", f"{tag}_{ARCHITECTURES[target.architecture]}")),
        _WITH_BYTECODE if bytecode else _NO_BYTECODE,
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_INSTALL_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise PackagingError(f"pip was not done with {lock} after {_INSTALL_SECONDS} s") from None
    if done.returncode != 0:
        raise PackagingError(f"pip could not install {lock} for {target}: {done.stderr.strip()[-500:]}")


def _kept(name: str, make: Callable[[Path], None]) -> Path:
    """A read-only folder of the cache, made now or kept from before; made aside, so that it is whole or not there."""
    cache = package_cache().parent / _KEPT
    place = cache / name
    if place.exists():
        return place
    cache.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=cache))
    try:
        make(aside)
        without_writing(aside)
        aside.rename(place)
    except OSError:
        # Another run may have been quicker; what it made is the same.
        if not place.exists():
            raise
    finally:
        remove(aside)
    return place


def without_writing(folder: Path) -> None:
    """Takes the right to write away from everything in a folder. A superuser writes all the same."""
    for path in _inside(folder):
        path.chmod(path.stat().st_mode & ~0o222 | 0o555 if path.is_dir() else 0o444)


def remove(folder: Path) -> None:
    """Removes a folder that can't be written; one that isn't there is fine."""
    if folder.exists():
        for path in _inside(folder):
            path.chmod(0o755)
        shutil.rmtree(folder)


def _inside(folder: Path) -> Iterator[Path]:
    yield folder
    yield from folder.rglob("*")
