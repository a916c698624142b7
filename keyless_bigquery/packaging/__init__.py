"""The function's package: one zip with the sources and the packages that they need, the same bytes on every machine.

Pure files in, one file out: uv installs the lock for the target (``installing``), what ships is chosen (``contents``),
the user's sources are put on top (``sources``), all is compiled by the target's interpreter where there is one
(``bytecode``) and imported once (``import_check``), and the zip is put together (``archive``). What was built is kept
by the digest of its inputs (``cached``), so a preview only hashes a few files.

Knows nothing of Pulumi.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from keyless_bigquery.packaging import import_check
from keyless_bigquery.packaging import lock as locks
from keyless_bigquery.packaging.archive import assemble, read
from keyless_bigquery.packaging.bytecode import Bytecode, absence, compile_all, compiler
from keyless_bigquery.packaging.cached import digest, holds, keep, prune, warning_of
from keyless_bigquery.packaging.contents import Contents, select
from keyless_bigquery.packaging.errors import PackageError
from keyless_bigquery.packaging.lock import Locked
from keyless_bigquery.packaging.sources import read_sources, refuse_shadows
from keyless_bigquery.packaging.target import Target
from keyless_bigquery.packaging.unpacking import Unpacked, files_of, put, unpack
from keyless_bigquery.runtime.environment import DEFAULT_HANDLER

__all__ = ["Bytecode", "Contents", "PackageError", "Target", "absence", "build", "compiler", "sha256", "with_file"]

ENTRY = "keyless_bigquery.runtime.entry"
"""The library's module that Lambda imports."""

KEPT_PACKAGES = 32
"""How many built packages the cache holds, some 2 MB each; each stack needs two."""


def build(
    *,
    target: Target,
    function: Path,
    library: Path | None,
    lock: Path,
    cache: Path,
    bytecode: Bytecode = Bytecode.WHERE_AVAILABLE,
    contents: Contents = Contents.SLIM,
    handlers: Mapping[str, Mapping[str, str]] = MappingProxyType({DEFAULT_HANDLER: {}}),
    warn: Callable[[str], None] = lambda _: None,
) -> Path:
    """The zip for ``target``, built now or kept from before.

    Args:
        target: The Lambda runtime and architecture.
        function: Folder with the user's sources and data files; they ship at the top of the package, without tests.
        library: Folder of the package that the function imports, which ships under its own name; ``None``: it has none.
        lock: The lock with hashes of what both import.
        cache: Folder in which built packages are kept; made if absent.
        bytecode: Whether bytecode ships next to the sources.
        contents: How much of the lock ships.
        handlers: The functions that are called, as ``module.function``, each with the user's own variables that it has.
        warn: Takes what could not be checked, each time.

    Returns:
        The zip's path in ``cache``. The same inputs, of which the version of the interpreter that compiles is one, give
        the same bytes on any machine.

    Raises:
        PackageError: An input is missing, a wheel or an interpreter is not available, the handler can't be imported,
            or Lambda would not take what was built.
    """
    users, librarys = read_sources(function), _library(library)
    content = _read(lock, what="lock")
    by = compiler(target, bytecode)
    builder = (path.read_bytes() for path in sorted(Path(__file__).parent.rglob("*.py")))
    called = {name: dict(variables) for name, variables in handlers.items()}
    choices = (target, f"compiled by {by and by.version}", contents, called)
    inputs = digest([repr(choices).encode(), content, *_parts(users), b"the library", *_parts(librarys), *builder])
    package = cache / f"function-{target.runtime}-{target.architecture}-{inputs[:16]}.zip"
    if not holds(package):
        locked = locks.read(content.decode())
        plan = _Plan(function=function, users=users, librarys=librarys, locked=locked, contents=contents, target=target)
        with tempfile.TemporaryDirectory(prefix="keyless-bigquery-package-") as made:
            unpacked = plan.make(Path(made), python_version=target.python.python_version, wheels=target.wheels)
            if by is not None:
                compile_all(Path(made), by=by, undocumented=[*unpacked.judged, *librarys])
            zipped = assemble(files_of(Path(made)))
            warning = plan.imported(Path(made), unpacked.left_out, handlers=handlers)
        keep(package, zipped, warning=warning)
        prune(cache, keep_newest=KEPT_PACKAGES)
    if warning := warning_of(package):
        warn(warning)
    return package


def sha256(package: Path) -> str:
    """The SHA-256 of a zip in base64, as Lambda has it. Source: AWS Lambda API, ``FunctionConfiguration``."""
    return base64.b64encode(hashlib.sha256(_read(package, what="package")).digest()).decode()


def with_file(archive: Path, *, name: str, content: str) -> Path:
    """The same zip plus one file, made now or kept from before, in the same folder.

    Args:
        archive: What :func:`build` returned.
        name: The file's path in the zip, which the zip does not hold yet.
        content: Its text, written as UTF-8.

    Returns:
        The new zip's path. The same inputs give the same bytes on any machine.

    Raises:
        PackageError: ``archive`` is missing, or holds such a file already.
    """
    inputs = digest([_read(archive, what="package"), name.encode(), content.encode()])
    package = archive.with_name(f"{archive.stem}-with-{inputs[:16]}.zip")
    if not holds(package):
        files = read(archive)
        if name in files:
            raise PackageError(f"the function's package has a file {name!r} already. Rename yours.")
        keep(package, assemble({**files, name: content.encode()}))
        prune(archive.parent, keep_newest=KEPT_PACKAGES)
    return package


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Plan:
    """What a package is made of: of the user's and the library's files the contents, by path."""

    function: Path
    users: Mapping[str, bytes]
    librarys: Mapping[str, bytes]
    locked: Sequence[Locked]
    contents: Contents
    target: Target

    def make(self, folder: Path, *, python_version: str, wheels: str | None) -> Unpacked:
        """Makes it in a folder."""
        selection = select(self.locked, self.contents)
        what = str(self.target) if wheels else f"Python {python_version} on this machine, to check the import"
        unpacked = unpack(folder, self.locked, selection, python_version=python_version, wheels=wheels, what=what)
        put(folder, self.librarys)
        taken = {path.name.removesuffix(".py") for path in folder.iterdir()}
        refuse_shadows(self.users.keys(), taken=taken, folder=self.function)
        put(folder, self.users)
        return unpacked

    def imported(
        self, made: Path, left_out: Mapping[str, str], *, handlers: Mapping[str, Mapping[str, str]]
    ) -> str | None:
        """Imports its handlers, and returns what is uncertain."""
        by = import_check.interpreter(self.target)
        version = by.version.rpartition(".")[0]
        compiled = any(".so" in path.suffixes for path in made.rglob("*"))
        with tempfile.TemporaryDirectory(prefix="keyless-bigquery-here-") as here:
            folder = made
            if compiled and not (self.target.is_here and version == self.target.python.python_version):
                folder = Path(here) / "package"
                try:
                    self.make(folder, python_version=version, wheels=None)
                except PackageError as error:
                    return f"The function's import could not be checked: {error}"
            package = import_check.Imported(
                folder=folder,
                function=self.function.name,
                sources=sorted(self.users),
                modules=[ENTRY] if self.librarys else [],
                left_out=left_out,
            )
            checked = (
                import_check.check(package, handler, environ, by=by, target=self.target)
                for handler, environ in handlers.items()
            )
            return " ".join(filter(None, checked)) or None


def _library(folder: Path | None) -> dict[str, bytes]:
    """The library's part that runs beside the function; the rest of it is for deploying."""
    if folder is None:
        return {}
    files = [folder / "__init__.py", *(folder / "runtime").rglob("*.py")]
    paths = sorted(path.relative_to(folder).as_posix() for path in files)
    return {f"{folder.name}/{path}": (folder / path).read_bytes() for path in paths}


def _read(path: Path, *, what: str) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise PackageError(f"{path} is missing: there is no {what} to build from.") from None


def _parts(files: Mapping[str, bytes]) -> Iterator[bytes]:
    for path, content in files.items():
        yield path.encode()
        yield content
