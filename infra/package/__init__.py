"""The function's package: one zip with the sources and the wheels that they need, the same bytes on every machine.

Pure files in, one file out: the lock is resolved to wheels for the target (``wheels``), what ships is chosen
(``selection``, by the lists in ``contents``) and compiled by the target's interpreter where there is one
(``bytecode``), the zip is put together without compressing anything (``archive``) and checked (``check``). What was
built is kept by the digest of its inputs (``cached``), so a preview only hashes a few files.

Uses the standard library and pip, and knows nothing of Pulumi.
"""

from __future__ import annotations

import base64
import hashlib
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from infra.package import wheels
from infra.package.archive import Entry, assemble, read
from infra.package.bytecode import Bytecode, absence, compiled, compiler
from infra.package.cached import digest, holds, keep, prune
from infra.package.check import check
from infra.package.errors import PackageError
from infra.package.interpreters import Interpreter
from infra.package.selection import omitted, selected
from infra.package.target import Target

__all__ = ["Bytecode", "PackageError", "Target", "absence", "build", "compiler", "sha256", "with_file"]

_TEST = re.compile(r"(.*/)?(test_[^/]*|[^/]*_test|conftest)\.py")
"""Files that pytest collects or reads."""

KEPT_PACKAGES = 32
"""How many built packages the cache holds, some 3 MB each; each stack needs two."""


def build(
    *,
    target: Target,
    function: Path,
    library: Path | None,
    lock: Path,
    cache: Path,
    bytecode: Bytecode = Bytecode.WHERE_AVAILABLE,
) -> Path:
    """The zip for ``target``, built now or kept from before.

    Args:
        target: The Lambda runtime and architecture.
        function: Folder with the function's sources; they ship at the top of the package, without their tests.
        library: Folder of the package that the function imports, which ships under its own name; ``None``: it has none.
        lock: The lock with hashes of what both import.
        cache: Folder in which built packages are kept; made if absent.
        bytecode: Whether bytecode ships beside the sources.

    Returns:
        The zip's path in ``cache``. The same inputs, of which the version of the interpreter that compiles is one, give
        the same bytes on any machine.

    Raises:
        PackageError: An input is missing, a wheel or an interpreter can't be had, or what was built is not fit for
            Lambda.
    """
    sources = [Entry.stored(path, content) for path, content in _sources(function) if not _TEST.fullmatch(path)]
    if library is not None:
        sources += [Entry.stored(f"{library.name}/{path}", content) for path, content in _sources(library)]
    locked = _read(lock, what="lock")
    by = compiler(target, bytecode)
    builder = (path.read_bytes() for path in sorted(Path(__file__).parent.rglob("*.py")))
    compiles = f"compiled by {by.version if by else 'nobody'}"
    inputs = digest([str(target).encode(), compiles.encode(), locked, *_parts(sources), b"built by", *builder])
    package = cache / f"function-{target.runtime}-{target.architecture}-{inputs[:16]}.zip"
    if not holds(package):
        keep(package, _built(sources, locked.decode(), target=target, by=by))
        prune(cache, keep_newest=KEPT_PACKAGES)
    return package


def sha256(package: Path) -> str:
    """The SHA-256 of a zip in base64, as Lambda has it. Source: AWS Lambda API, ``FunctionConfiguration``."""
    return base64.b64encode(hashlib.sha256(_read(package, what="package")).digest()).decode()


def with_file(archive: Path, *, name: str, content: str, cache: Path) -> Path:
    """The same zip plus one file, made now or kept from before.

    Args:
        archive: What :func:`build` returned.
        name: The file's path in the zip, which the zip does not hold yet.
        content: Its text, written as UTF-8.
        cache: As for :func:`build`.

    Returns:
        The new zip's path in ``cache``. The same inputs give the same bytes on any machine.

    Raises:
        PackageError: ``archive`` is missing, or holds such a file already.
    """
    added = Entry.stored(name, content.encode())
    inputs = digest([_read(archive, what="package"), *_parts([added])])
    package = cache / f"{archive.stem}-with-{inputs[:16]}.zip"
    if not holds(package):
        entries = list(read(archive))
        if any(entry.path == name for entry in entries):
            raise PackageError(f"{archive} holds a file {name!r} already; choose another name.")
        keep(package, assemble([*entries, added]))
        prune(cache, keep_newest=KEPT_PACKAGES)
    return package


def _built(sources: list[Entry], lock: str, *, target: Target, by: Interpreter | None) -> bytes:
    locked = wheels.locked(lock)
    names = {requirement.name for requirement in locked}
    with tempfile.TemporaryDirectory(prefix="keyless-bigquery-wheels-") as folder:
        fetched = wheels.fetch(wheels.without(locked, omitted(names)), target=target, folder=Path(folder))
        files = {wheels.distribution(wheel): list(wheels.installed(wheel)) for wheel in fetched}
    shipped = selected(files, locked=names, sources=sources, target=target)
    package = assemble([*shipped, *(compiled(shipped, by=by, target=target) if by else ())])
    check(package, target=target)
    return package


def _sources(folder: Path) -> Iterator[tuple[str, bytes]]:
    paths = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.py"))
    if not paths:
        raise PackageError(f"{folder} holds no *.py: the function's sources are missing. Check out the project again.")
    for path in paths:
        yield path, (folder / path).read_bytes()


def _read(path: Path, *, what: str) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise PackageError(f"{path} is missing: there is no {what} to build from.") from None


def _parts(entries: list[Entry]) -> Iterator[bytes]:
    for entry in entries:
        yield entry.path.encode()
        yield entry.data
