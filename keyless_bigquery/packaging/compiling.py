"""Compiles sources to bytecode. Run as a program of its own by the interpreter of the function's runtime.

Bytecode is one minor version's own, so this file is the one part of the builder that other versions of Python run:
standard library only, and nothing of this project. What it writes is trusted without a look at the sources ("unchecked
hash", PEP 552): a package is read-only, and the two are never apart.

Docstrings are left out where nothing reads them: of the library and of what only it uses. Elsewhere they may be read:
numpy can't be imported without its own. Assertions stay, and so do names and lines in tracebacks.

The bytes depend on the sources and the interpreter alone. marshal's do also on what else is in memory, so everything is
compiled in one process, in order, with nothing imported that differs between machines.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import marshal
import pathlib
import sys

TASK_ROOT = "/var/task"
"""Where Lambda unpacks a package: file names compiled in as they will be need not be changed at each import."""

_UNCHECKED_HASH = (0b01).to_bytes(4, "little")
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def bytecode(source: bytes, path: str, *, documented: bool) -> bytes:
    """The content of the ``.pyc`` of one source.

    Raises:
        SyntaxError, ValueError: This interpreter can't compile it.
    """
    filename = f"{TASK_ROOT}/{path}"
    tree = ast.parse(source, filename)
    for node in () if documented else ast.walk(tree):
        if isinstance(node, _DOCUMENTED):
            _undocument(node)
    code = compile(tree, filename, "exec", dont_inherit=True, optimize=0)
    return importlib.util.MAGIC_NUMBER + _UNCHECKED_HASH + importlib.util.source_hash(source) + marshal.dumps(code)


def _undocument(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    if isinstance(node, ast.ClassDef) and node.decorator_list:
        # For a class without one, dataclasses makes one from its signature: slower than to load it.
        return
    # All that begin the body: the second would be the docstring if only the first were gone.
    while node.body and _is_text(node.body[0]):
        del node.body[0]
    if not node.body and not isinstance(node, ast.Module):
        node.body.append(ast.copy_location(ast.Pass(), node))


def _is_text(statement: ast.stmt) -> bool:
    value = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def main(folder: str) -> None:
    """Compiles the sources below a folder, in order. One that this version can't read ships as it is.

    Args:
        folder: The package. The files whose docstrings are left out are a JSON list on standard input.
    """
    root = pathlib.Path(folder)
    undocumented = set(json.load(sys.stdin))
    for source in sorted(root.rglob("*.py")):
        try:
            path = source.relative_to(root).as_posix()
            compiled = bytecode(source.read_bytes(), path, documented=path not in undocumented)
        except (SyntaxError, ValueError):
            # A template, or a test's input. What the function imports is imported before it ships.
            continue
        cached = pathlib.Path(importlib.util.cache_from_source(str(source)))
        cached.parent.mkdir(exist_ok=True)
        cached.write_bytes(compiled)


if __name__ == "__main__":
    main(*sys.argv[1:])
