"""What a module imports, read from its source without running it.

What is imported when the module itself is must be there; what is imported later, inside a function, must be there when
that is called; and what is only tried, in a ``try`` that catches ImportError, may be absent.
Conditions on the platform and on Python's version are decided for the target; of any other, either outcome counts.
"""

from __future__ import annotations

import ast
import dataclasses
import enum
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

_CAUGHT = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}
_PLATFORM = "linux"
_COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class When(enum.Enum):
    """When an import statement runs."""

    AT_IMPORT = "when it is imported itself"
    LATER = "inside a function"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Import:
    """One module that is imported, or one name of it.

    Args:
        module: The module, absolute.
        name: What is taken from it, which may be a submodule; ``None``: the module itself is imported.
        when: When the statement runs.
        tried: Whether its failure is caught.
        line: Its line in the source.
    """

    module: str
    name: str | None
    when: When
    tried: bool
    line: int

    def __str__(self) -> str:
        return self.module if self.name is None else f"{self.module}.{self.name}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Use:
    """An attribute of an imported module that is looked up when the module that imports it is imported.

    Args:
        path: The dotted path, which begins with a module's absolute name.
        line: Its line in the source.
    """

    path: str
    line: int


class Module:
    """What one source imports.

    Args:
        source: The source.
        name: The module's absolute name.
        is_package: Whether it is a package's ``__init__``.
        minor: The minor version of the Python that runs it.
        resolves: Whether there is what is imported. It decides whether what follows a ``try`` runs.

    Raises:
        SyntaxError, ValueError: It is no source that this Python reads.
    """

    def __init__(
        self, source: bytes, *, name: str, is_package: bool, minor: int, resolves: Callable[[Import], bool]
    ) -> None:
        self._tree = ast.parse(source)
        self._package = name if is_package else name.rpartition(".")[0]
        self._minor = minor
        self._resolves = resolves

    def imports(self) -> Iterator[Import]:
        """Every import in it, wherever it stands."""
        return self._walk(self._tree.body, When.AT_IMPORT)

    def uses(self) -> Iterator[Use]:
        """Each attribute of an imported module that is looked up when this module is imported."""
        bound = dict(self._bound())
        for node in _executed(self._tree.body, annotations=not self._postpones_annotations()):
            if isinstance(node, ast.Attribute):
                first, _, rest = _dotted(node).partition(".")
                if first in bound and rest:
                    yield Use(path=f"{bound[first]}.{rest}", line=node.lineno)

    def _walk(self, statements: Sequence[ast.AST], when: When, *, tried: bool = False) -> Iterator[Import]:
        for node in statements:
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield from self._of_statement(node, when, tried=tried)
            elif isinstance(node, ast.Call) and (named := _imported_by_name(node)):
                yield Import(module=named, name=None, when=when, tried=tried, line=node.lineno)
            elif isinstance(node, _FUNCTIONS):
                yield from self._walk(list(ast.iter_child_nodes(node)), When.LATER)
            elif isinstance(node, ast.If):
                outcome = self._decided(node.test)
                yield from self._walk([] if outcome is False else node.body, when, tried=tried)
                yield from self._walk([] if outcome is True else node.orelse, when, tried=tried)
            elif isinstance(node, ast.Try) and any(map(_catches, node.handlers)):
                yield from self._of_try(node, when, tried=tried)
            elif isinstance(node, ast.With) and any(_suppresses(item) for item in node.items):
                yield from self._walk(node.body, when, tried=True)
            else:
                yield from self._walk(list(ast.iter_child_nodes(node)), when, tried=tried)

    def _of_try(self, node: ast.Try, when: When, *, tried: bool) -> Iterator[Import]:
        attempts = list(self._walk(node.body, when, tried=True))
        works = all(self._resolves(attempt) for attempt in attempts)
        yield from attempts
        for handler in node.handlers:
            yield from self._walk(handler.body, when, tried=tried or works)
        yield from self._walk(node.orelse, when, tried=tried or not works)
        yield from self._walk(node.finalbody, when, tried=tried)

    def _of_statement(self, node: ast.Import | ast.ImportFrom, when: When, *, tried: bool) -> Iterator[Import]:
        module = None if isinstance(node, ast.Import) else self._absolute(node)
        for alias in node.names:
            if module is None:
                yield Import(module=alias.name, name=None, when=when, tried=tried, line=node.lineno)
            else:
                yield Import(module=module, name=alias.name, when=when, tried=tried, line=node.lineno)

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        parents = self._package.split(".")
        base = parents[: len(parents) - node.level + 1]
        return ".".join([*base, *([node.module] if node.module else [])])

    def _bound(self) -> Iterator[tuple[str, str]]:
        """What each name that is bound by an import when this module is imported stands for."""
        for node in _executed(self._tree.body, annotations=False):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    first = alias.name.partition(".")[0]
                    yield (alias.asname, alias.name) if alias.asname else (first, first)
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    yield alias.asname or alias.name, f"{self._absolute(node)}.{alias.name}"

    def _postpones_annotations(self) -> bool:
        """Whether annotations are left as text (PEP 563). Where they are lazy (PEP 649), dataclasses still ask."""
        futures = (node for node in self._tree.body if isinstance(node, ast.ImportFrom) and node.module == "__future__")
        return any(alias.name == "annotations" for node in futures for alias in node.names)

    def _decided(self, test: ast.expr) -> bool | None:
        """How a condition comes out on the target; ``None``: that is not known."""
        text = ast.unparse(test)
        if text in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}:
            return False
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            inner = self._decided(test.operand)
            return None if inner is None else not inner
        if not isinstance(test, ast.Compare) or len(test.ops) != 1:
            return None
        try:
            given = ast.literal_eval(test.comparators[0])
        except ValueError:
            return None
        subject, compare = ast.unparse(test.left), _COMPARISONS.get(type(test.ops[0]))
        if compare is not None and subject == "sys.platform" and isinstance(given, str):
            return compare(_PLATFORM, given)
        if compare is not None and subject == "sys.version_info" and isinstance(given, tuple) and len(given) <= 2:
            # Longer than what it is compared with, as the real one is.
            return compare((3, self._minor, 0), given)
        return None


def _catches(handler: ast.ExceptHandler) -> bool:
    """Whether a failed import is caught, and not only raised again in other words."""
    if any(isinstance(statement, ast.Raise) for statement in handler.body):
        return False
    if handler.type is None:
        return True
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(isinstance(kind, ast.Name) and kind.id in _CAUGHT for kind in caught)


def _suppresses(item: ast.withitem) -> bool:
    call = item.context_expr
    return (
        isinstance(call, ast.Call)
        and _dotted(call.func).rpartition(".")[2] == "suppress"
        and any(isinstance(kind, ast.Name) and kind.id in _CAUGHT for kind in call.args)
    )


def _imported_by_name(call: ast.Call) -> str | None:
    """The module that a call imports by a name that is written there."""
    if _dotted(call.func).rpartition(".")[2] not in {"import_module", "__import__"} or not call.args:
        return None
    name = call.args[0]
    written = isinstance(name, ast.Constant) and isinstance(name.value, str) and not name.value.startswith(".")
    return str(name.value) if isinstance(name, ast.Constant) and written else None


def _dotted(node: ast.expr) -> str:
    """``a.b.c`` as it is written; empty for anything else."""
    names = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(names)]) if isinstance(node, ast.Name) else ""


def _executed(nodes: Sequence[ast.AST], *, annotations: bool) -> Iterator[ast.AST]:
    """Every node that is evaluated when the module is imported: all but the bodies of functions."""
    for node in nodes:
        yield node
        if isinstance(node, _FUNCTIONS):
            defaults = [default for default in (*node.args.defaults, *node.args.kw_defaults) if default is not None]
            yield from _executed([*node.decorator_list, *defaults], annotations=annotations)
            if annotations:
                arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
                notes = [*(argument.annotation for argument in arguments), node.returns]
                yield from _executed([note for note in notes if note is not None], annotations=annotations)
        elif isinstance(node, ast.AnnAssign) and not annotations:
            yield from _executed([node.target, *([node.value] if node.value else [])], annotations=annotations)
        elif not isinstance(node, ast.Lambda):
            yield from _executed(list(ast.iter_child_nodes(node)), annotations=annotations)
