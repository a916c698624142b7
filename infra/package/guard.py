"""Finds out, before anyone deploys it, when the function would import something that does not ship.

From the function's own modules every import is followed through the files that ship. What is imported when the function
is must be there. What is imported later, inside a function, must not be something that the lock holds and that was left
out; what is not locked either is an extra of its library. Nothing is run, so it works for any target on any machine. A
name that is computed is not seen: the tests, which run the function out of the finished zip, are there for those.
"""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Collection, Iterator, Mapping, Sequence

from infra.package import standard_library
from infra.package.contents import EXCUSED_IMPORTS, ExcusedImport
from infra.package.errors import PackageError
from infra.package.imports import Import, Module, Use, When
from infra.package.target import Target

_LISTS = "infra/package/contents.py"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Shipping:
    """What ships, and what does not.

    Args:
        sources: The Python sources that ship, by path.
        stand_ins: The paths among them that are stand-ins.
        libraries: Paths of compiled modules that ship.
        left_out: Paths that don't ship, of packages that do.
        dropped: Modules of locked packages that don't ship.
    """

    sources: Mapping[str, bytes]
    stand_ins: Collection[str]
    libraries: Collection[str]
    left_out: Collection[str]
    dropped: Collection[str]


def refuse_missing(shipping: Shipping, *, start: Collection[str], target: Target) -> None:
    """Makes sure that whatever the function can import ships.

    Args:
        shipping: What ships.
        start: The paths among the sources from which the walk begins.
        target: Whose standard library counts.

    Raises:
        PackageError: Something would be missing, or an excuse in ``contents`` is no longer needed.
    """
    _Walk(shipping, target=target).from_(start)


class _Walk:
    """One walk over the imports of a package."""

    def __init__(self, shipping: Shipping, *, target: Target) -> None:
        self._sources = {_module(path): path for path in shipping.sources}
        self._content = shipping.sources
        self._modules = {*self._sources, *map(_module, shipping.libraries)}
        self._packages = {parent for module in self._modules for parent in _parents(module)}
        self._dropped = shipping.dropped
        self._left_out = {_module(path) for path in shipping.left_out if path.endswith(".py")}
        self._stand_ins = {_module(path): _names(shipping.sources[path]) for path in shipping.stand_ins}
        self._minor = int(target.python.python_version.partition(".")[2])
        self._standard = standard_library.modules(self._minor)
        self._target = target
        self._excused: set[ExcusedImport] = set()

    def from_(self, start: Collection[str]) -> None:
        """Follows every import from the modules at these paths.

        Raises:
            PackageError: As :func:`refuse_missing`.
        """
        walked, waiting, later = set[str](), [_module(path) for path in start], list[str]()
        for at_start in (True, False):
            while waiting:
                module = waiting.pop()
                if module in walked:
                    continue
                walked.add(module)
                if module in self._sources and module not in self._stand_ins:
                    for wanted in self._judged(module, at_start=at_start):
                        (later if wanted.when is When.LATER else waiting).extend(self._found(wanted))
            waiting = later
        for excuse in EXCUSED_IMPORTS:
            if excuse not in self._excused and any(excuse.is_of(module) for module in walked):
                raise PackageError(
                    f"{_LISTS} excuses that {excuse.importer} imports {excuse.imported}, which it no longer does."
                    " Take the entry out."
                )

    def _judged(self, module: str, *, at_start: bool) -> Iterator[Import]:
        """The imports of a module, none of which would miss anything."""
        path = self._sources[module]
        is_package = path.endswith("__init__.py")
        try:
            read = Module(
                self._content[path], name=module, is_package=is_package, minor=self._minor, resolves=self._resolves
            )
        except (SyntaxError, ValueError) as error:
            raise PackageError(f"{path} in the package is no source that can be read: {error}.") from None
        for wanted in read.imports():
            self._judge(wanted, by=module, at_start=at_start)
            yield wanted
        for use in read.uses():
            self._judge_use(use, by=module)

    def _judge(self, wanted: Import, *, by: str, at_start: bool) -> None:
        there = self._resolves(wanted)
        is_stand_in = there and self._is_stand_in(wanted)
        # A stand-in is there for whoever names it at once. What tries it would take it for the real one.
        served = wanted.when is When.AT_IMPORT and not wanted.tried
        if served if is_stand_in else there or wanted.tried:
            return
        for excuse in EXCUSED_IMPORTS:
            if excuse.excuses(wanted, by=by):
                self._excused.add(excuse)
                return
        needed_at_once = at_start and wanted.when is When.AT_IMPORT
        if not (needed_at_once or is_stand_in or self._was_dropped(wanted)):
            return
        lacks = "has only a stand-in" if is_stand_in else "does not ship"
        raise PackageError(
            f"{by} (line {wanted.line}) imports {wanted} {wanted.when.value}, and that {lacks}{self._why(wanted)}. If a"
            f" query needs it, let it ship: {_LISTS}. If no query gets there, excuse it there, with the reason."
        )

    def _judge_use(self, use: Use, *, by: str) -> None:
        """Refuses a name that a stand-in does not have, where it would be looked up at once."""
        module = next((name for name in (use.path, *_parents(use.path)) if name in self._modules), "")
        rest = use.path[len(module) + 1 :].partition(".")[0]
        if module in self._stand_ins and rest and rest not in self._stand_ins[module]:
            raise PackageError(
                f"{by} (line {use.line}) uses {module}.{rest} when it is imported itself, and the stand-in for it has"
                f" no such name. If a query needs it, let the real one ship: {_LISTS}. If not, add the name to the"
                " stand-in."
            )

    def _resolves(self, wanted: Import) -> bool:
        top = wanted.module.partition(".")[0]
        if top in self._standard and top not in self._modules and top not in self._packages:
            return True
        if not self._is_there(wanted.module):
            return False
        if wanted.name is None or self._is_there(str(wanted)):
            return True
        if wanted.module in self._stand_ins:
            return wanted.name in self._stand_ins[wanted.module]
        # A name of a module that is there; of a folder without one, only a module could be.
        return wanted.module in self._modules and str(wanted) not in self._left_out

    def _is_there(self, module: str) -> bool:
        return module in self._modules or module in self._packages

    def _was_dropped(self, wanted: Import) -> bool:
        if str(wanted) in self._left_out or wanted.module in self._left_out:
            return True
        return any(module in self._dropped for module in (str(wanted), wanted.module, *_parents(wanted.module)))

    def _is_stand_in(self, wanted: Import) -> bool:
        return wanted.module in self._stand_ins or str(wanted) in self._stand_ins

    def _found(self, wanted: Import) -> Iterator[str]:
        for module in (str(wanted), wanted.module, *_parents(wanted.module)):
            if module in self._modules:
                yield module

    def _why(self, wanted: Import) -> str:
        if self._was_dropped(wanted):
            return ", since it is left out"
        top = wanted.module.partition(".")[0]
        if top not in self._standard and top in standard_library.modules(0):
            return f" with {self._target.runtime}, whose standard library no longer has it"
        return ""


def _module(path: str) -> str:
    """The name under which the file at ``path`` is imported."""
    folder, _, name = path.rpartition("/")
    stem = name.partition(".")[0]
    parts = [*(folder.split("/") if folder else []), *([] if stem == "__init__" else [stem])]
    return ".".join(parts)


def _parents(module: str) -> Sequence[str]:
    """The packages around a module, the nearest first."""
    parts = module.split(".")
    return [".".join(parts[:end]) for end in range(len(parts) - 1, 0, -1)]


def _names(source: bytes) -> frozenset[str]:
    """What a stand-in defines."""
    found: set[str] = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return frozenset(found)
