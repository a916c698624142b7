"""Imports a package's handler once. Run as a program of its own, by an interpreter that sees the package and no more.

Standard library only. What :func:`main` finds it writes as JSON; ``keyless_bigquery.packaging.import_check`` makes
sentences of
it. Nothing that the import does reaches another machine: connections, look-ups of names, and programs are refused.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import inspect
import json
import os
import re
import sys
import types
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

PROVIDED = frozenset({"boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six"})
"""What Lambda's Python runtimes have besides the standard library. Source: AWS, "Runtime-included SDK versions"."""

_REFUSED = {
    "socket.connect": "connects to",
    "socket.sendto": "sends to",
    "socket.getaddrinfo": "looks up",
    "socket.gethostbyname": "looks up",
    "subprocess.Popen": "starts",
    "os.system": "starts",
    "os.exec": "starts",
    "os.posix_spawn": "starts",
}
"""Audit events, and what they are about. Source: Python, "Audit events table"."""

_CONTEXT = re.compile(r"_|.*(context|ctx).*", re.IGNORECASE | re.ASCII)

uncertain: list[str] = []
"""What the import met that differs here from Lambda."""


def main(request: str) -> None:
    """Imports, and writes what came of it.

    Args:
        request: JSON: ``folder`` of the package, the ``handler``, ``modules`` to import after it, the ``sources`` that
            are the user's, and the ``report`` to write.
    """
    asked = json.loads(request)
    folder = Path(asked["folder"])
    sys.path.insert(0, str(folder))
    sys.meta_path.append(_Runtime(folder))
    sys.addaudithook(_refuse)
    os.environ.__class__ = _recording({str(folder / source) for source in asked["sources"]})
    try:
        found = _tried(asked, folder)
    except BaseException as error:  # noqa: BLE001 - the user's own code may raise anything, SystemExit too
        found = _failure(error, folder, asked["sources"])
    report = Path(asked["report"])
    report.write_text(json.dumps({**found, "uncertain": uncertain}), encoding="utf-8")
    # Threads that the import began must not keep this process.
    os._exit(0)


def _tried(asked: dict[str, Any], folder: Path) -> dict[str, Any]:
    for source in asked["sources"]:
        compile((folder / source).read_bytes(), str(folder / source), "exec", dont_inherit=True)
    module, _, name = asked["handler"].rpartition(".")
    if not module or importlib.util.find_spec(module.partition(".")[0]) is None:
        return {"outcome": "no module"}
    function = getattr(importlib.import_module(module), name, None)
    for other in asked["modules"]:
        importlib.import_module(other)
    return _judged(function)


def _judged(function: object) -> dict[str, Any]:
    """Whether Lambda, or the library's wrapper, can call it."""
    if not callable(function):
        return {"outcome": "no function"}
    if inspect.iscoroutinefunction(function):
        return {"outcome": "coroutine"}
    wrapped = bool(getattr(function, "gives_reader", False))
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return {"outcome": "ok"}
    try:
        signature.bind(None, None)
    except TypeError:
        return {"outcome": "parameters", "wrapped": wrapped, "parameters": str(signature)}
    positional = [each for each in signature.parameters.values() if each.kind is not each.VAR_POSITIONAL]
    if len(positional) >= 2 and not wrapped:
        second = positional[1]
        kind = getattr(second.annotation, "__name__", str(second.annotation))
        if kind.endswith("BigQueryReader") or not (kind.endswith("Context") or _CONTEXT.fullmatch(second.name)):
            return {"outcome": "not wrapped", "parameter": second.name}
    return {"outcome": "ok"}


def _failure(error: BaseException, folder: Path, sources: Sequence[str]) -> dict[str, Any]:
    frames = [
        (path.relative_to(folder).as_posix(), line) for path, line in _frames(error) if path.is_relative_to(folder)
    ]
    found: dict[str, Any] = {
        "outcome": "raised",
        "type": type(error).__name__,
        "text": str(error),
        "place": frames[-1] if frames else None,
        "users": next((frame for frame in reversed(frames) if frame[0] in sources), None),
    }
    if isinstance(error, SyntaxError) and error.filename:
        # Found where a source is compiled, before it is run: no frame is of it.
        place = Path(error.filename)
        path = place.relative_to(folder).as_posix() if place.is_relative_to(folder) else place.name
        return {**found, "outcome": "syntax", "text": error.msg, "place": (path, error.lineno)}
    if isinstance(error, ImportError) and error.name:
        return {**found, "outcome": "missing", "module": error.name, **_attribute(error)}
    return found


def _attribute(error: ImportError) -> dict[str, Any]:
    """Of ``from MODULE import NAME``, the name, and whether the module has a source that could have defined it."""
    quoted = re.match(r"cannot import name '([^']+)'", str(error))
    module = sys.modules.get(error.name or "")
    return {"name": quoted[1] if quoted else None, "defined": bool(getattr(module, "__file__", None))}


def _frames(error: BaseException) -> Iterator[tuple[Path, int]]:
    trace = error.__traceback__
    while trace is not None:
        yield Path(trace.tb_frame.f_code.co_filename), trace.tb_lineno
        trace = trace.tb_next


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event in _REFUSED:
        what = arguments[1] if event in {"socket.connect", "socket.sendto"} else arguments[0]
        uncertain.append(f"{_REFUSED[event]} {':'.join(map(str, what)) if isinstance(what, tuple) else what}")
        raise PermissionError(
            f"nothing but the package can be reached while it is imported to check it: {uncertain[-1]}"
        )


def _recording(users: set[str]) -> type:
    class Recording(type(os.environ)):  # type: ignore[misc]  # the class has no public name
        """Notes the variables that the user's own sources look for in vain."""

        def __getitem__(self, key: str) -> str:
            try:
                value: str = super().__getitem__(key)
            except KeyError:
                frame: types.FrameType | None = sys._getframe(1)
                while frame and frame.f_globals.get("__name__") in {"os", "collections.abc", "_collections_abc"}:
                    frame = frame.f_back
                if frame and frame.f_code.co_filename in users:
                    uncertain.append(f"reads the environment variable {key}")
                raise
            return value

    return Recording


class _Placeholder(type):
    """Metaclass of what stands in for anything of a package that is in Lambda's runtime, and perhaps not here."""

    def __getattr__(cls, name: str) -> object:
        return _attribute_of(name)

    def __call__(cls, *_: object, **__: object) -> object:
        uncertain.append(f"calls {cls.__name__} of a package that only Lambda's runtime has")
        return _placeholder(cls.__name__)


def _attribute_of(name: str) -> object:
    if name == "__version__":
        return "0"
    if name.startswith("__"):
        raise AttributeError(name)
    return _placeholder(name)


def _placeholder(name: str) -> object:
    def subscripted(_: object) -> object:
        return _placeholder(name)

    return _Placeholder(name, (Exception,), {"__class_getitem__": subscripted})


class _Runtime(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds what Lambda's runtime provides and the package doesn't have."""

    def __init__(self, folder: Path) -> None:
        self._here = {path.name.removesuffix(".py") for path in folder.iterdir()}

    def find_spec(self, name: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        """Any module of a provided package."""
        top = name.partition(".")[0]
        return importlib.machinery.ModuleSpec(name, self, is_package=True) if top in PROVIDED - self._here else None

    def exec_module(self, module: types.ModuleType) -> None:
        """Gives it every attribute."""
        module.__dict__["__getattr__"] = _attribute_of


if __name__ == "__main__":
    main(sys.argv[1])
