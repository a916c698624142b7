"""Bytecode: for the target's own interpreter, the same bytes from anyone who compiles, and really used."""

from __future__ import annotations

import ast
import importlib.util
import marshal
import subprocess
import sys
import time
import types
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from keyless_bigquery import packaging as package
from keyless_bigquery.packaging import Bytecode, PackageError, Target, compiling, interpreters
from keyless_bigquery.packaging.bytecode import compile_all
from keyless_bigquery.packaging.target import RUNTIMES
from tests.packaging.workshop import HANDLER, HOST, Workshop, files_of

HEADER_BYTES = 16
TAG = HOST.python.cache_tag
WITHOUT_INTERPRETER = Target(runtime="python3.14", architecture="arm64")
POISON = b"raise SystemExit('compiled anew')\n"
FUNCTION = '''"""Says what it is made of."""
import acme
from acme import part
def lambda_handler(event, context):
    """Not needed at run time."""
    return acme.name + part.name
'''
ACME = {"acme/__init__.py": 'name = "ac"\n', "acme/part.py": 'name = "me"\n'}


@pytest.fixture
def small(workshop: Workshop) -> Workshop:
    (workshop.source / "handler.py").write_text(FUNCTION)
    workshop.add("acme", ACME)
    return workshop


@pytest.fixture
def nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No other interpreter is found."""
    for name in ("PYENV_ROOT", "UV_PYTHON_INSTALL_DIR", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))


def unpack(archive: Path, folder: Path) -> Path:
    with zipfile.ZipFile(archive) as zipped:
        zipped.extractall(folder)
    return folder


def run(interpreter: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Imports and calls the handler, as Lambda would, where nothing can be written."""
    program = (
        f"import sys; sys.path.insert(0, {str(folder)!r})\nimport handler\n"
        "print(handler.lambda_handler(None, None), handler.__cached__ or 'nothing')"
    )
    command = [str(interpreter), "-I", "-S", "-B", "-c", program]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def another() -> tuple[str, Path]:
    """A Lambda runtime that is not this machine's, and an interpreter of it."""
    for runtime, python in RUNTIMES.items():
        found = interpreters.find(python.python_version) if runtime != HOST.runtime else None
        if found is not None:
            return runtime, found.path
    pytest.skip("there is no other version of Python here")


def test_every_source_has_bytecode_that_is_not_checked_against_it(small: Workshop) -> None:
    files = files_of(small.build(bytecode=Bytecode.WHERE_AVAILABLE))
    sources = {path for path in files if path.endswith(".py")}
    for path in sources:
        content = files[importlib.util.cache_from_source(path)]
        assert content[:4] == importlib.util.MAGIC_NUMBER
        assert int.from_bytes(content[4:8], "little") == 0b01
        assert content[8:HEADER_BYTES] == importlib.util.source_hash(files[path])
        code = marshal.loads(content[HEADER_BYTES:])
        assert code.co_filename == f"/var/task/{path}"
    assert len([path for path in files if path.endswith(".pyc")]) == len(sources) == 3


def test_the_bytecode_is_what_runs(small: Workshop, tmp_path: Path) -> None:
    folder = unpack(small.build(bytecode=Bytecode.WHERE_AVAILABLE), tmp_path / "task")
    for path in folder.rglob("*.py"):
        path.write_bytes(POISON)
    done = run(Path(sys.executable), folder)
    assert done.stdout.startswith("acme "), done.stderr
    assert done.stdout.rstrip().endswith(f"__pycache__/handler.{TAG}.pyc")


def test_another_interpreter_takes_the_sources(small: Workshop, tmp_path: Path) -> None:
    folder = unpack(small.build(bytecode=Bytecode.WHERE_AVAILABLE), tmp_path / "task")
    _, other = another()
    assert run(other, folder).stdout.startswith("acme ")
    for path in folder.rglob("*.pyc"):
        # As it would be for another minor version.
        path.rename(path.with_name(path.name.replace(TAG, "cpython-399")))
    assert run(Path(sys.executable), folder).stdout.startswith("acme ")
    (folder / "acme" / "part.py").write_bytes(POISON)
    assert "compiled anew" in run(Path(sys.executable), folder).stderr


def test_the_targets_interpreter_compiles_and_not_the_hosts(small: Workshop, tmp_path: Path) -> None:
    runtime, other = another()
    folder = unpack(small.build(Target(runtime=runtime, architecture="arm64"), Bytecode.REQUIRED), tmp_path / "task")
    assert (folder / "acme" / "__pycache__" / f"part.{RUNTIMES[runtime].cache_tag}.pyc").exists()
    for path in folder.rglob("*.py"):
        path.write_bytes(POISON)
    assert run(other, folder).stdout.startswith("acme ")


@pytest.mark.usefixtures("nobody")
def test_without_the_targets_interpreter_the_sources_ship_alone_unless_that_is_refused(small: Workshop) -> None:
    files = files_of(small.build(WITHOUT_INTERPRETER, Bytecode.WHERE_AVAILABLE))
    assert files == files_of(small.build(WITHOUT_INTERPRETER, Bytecode.NONE))
    assert not [path for path in files if path.endswith(".pyc")]
    with pytest.raises(PackageError) as refused:
        small.build(WITHOUT_INTERPRETER, Bytecode.REQUIRED)
    told = package.absence(WITHOUT_INTERPRETER)
    for text in (str(refused.value), told):
        assert "there is no Python 3.14 here, which alone compiles for python3.14" in text
        assert "uv python install 3.14" in text
    assert "functionBytecode=none stops this line" in told
    assert small.build(bytecode=Bytecode.REQUIRED), "the running interpreter is always there"


def test_none_means_none(small: Workshop) -> None:
    assert not [path for path in files_of(small.build(bytecode=Bytecode.NONE)) if path.endswith(".pyc")]


def test_the_version_that_compiled_is_one_of_the_inputs(small: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    first = small.build(bytecode=Bytecode.REQUIRED)
    patched = interpreters.Interpreter(path=Path(sys.executable), version=f"{HOST.python.python_version}.99")
    monkeypatch.setattr(package, "compiler", lambda *_: patched)
    second = small.build(bytecode=Bytecode.REQUIRED)
    assert second != first
    assert second.read_bytes() == first.read_bytes()


def test_what_else_is_compiled_does_not_change_the_bytes_of_a_source(tmp_path: Path) -> None:
    by = interpreters.Interpreter(path=Path(sys.executable), version="this one")
    library = Path(ast.__file__).parent
    for folder, names in (("together", ("_pydecimal", "ast", "enum")), ("alone", ("ast",))):
        (tmp_path / folder).mkdir()
        for name in names:
            (tmp_path / folder / f"{name}.py").write_bytes((library / f"{name}.py").read_bytes())
        compile_all(tmp_path / folder, by=by, undocumented=["ast.py"])
    together, alone = ((tmp_path / folder / "__pycache__" / f"ast.{TAG}.pyc") for folder in ("together", "alone"))
    assert together.read_bytes() == alone.read_bytes()


def test_a_source_that_the_target_cannot_compile_ships_as_it_is(small: Workshop) -> None:
    small.add("bolt", {"bolt/__init__.py": "", "bolt/template.py": "print 'hello'\n"})
    files = files_of(small.build(bytecode=Bytecode.REQUIRED))
    assert "bolt/template.py" in files
    assert f"bolt/__pycache__/template.{TAG}.pyc" not in files
    assert f"bolt/__pycache__/__init__.{TAG}.pyc" in files


DOCUMENTED = b'''"""Of the module."""
"""A second one, which must not take its place."""
import dataclasses
class Plain:
    """Of the class."""
@dataclasses.dataclass
class Value:
    """Kept: a made one would cost more."""
    name: str = ""
def function():
    """Of the function."""
async def other():
    """Of the coroutine."""
    assert False, "kept"
def text():
    return "a text"
'''


def constants(code: types.CodeType) -> Iterator[object]:
    for constant in code.co_consts:
        yield from constants(constant) if isinstance(constant, types.CodeType) else (constant,)


def test_only_what_the_library_alone_uses_loses_its_docstrings(workshop: Workshop) -> None:
    """numpy, for one, can't be imported without its own."""
    for name, via in {
        "requests": "-r ../keyless_bigquery/runtime/requirements.in",
        "acme": "-r lambda_src/requirements.in",
    }.items():
        workshop.add(name, {f"{name}.py": '"""Read at import."""\n'}, via=via)
    workshop.write(f'"""The user\'s."""\nimport acme\nassert acme.__doc__ and __doc__\n{HANDLER}')
    files = files_of(workshop.build(bytecode=Bytecode.REQUIRED))
    texts = {name: files[f"__pycache__/{name}.{TAG}.pyc"] for name in ("requests", "acme", "handler")}
    assert [name for name, text in texts.items() if b"Read at import." in text or b"The user's." in text] == [
        *("acme", "handler"),
    ]


def test_docstrings_go_and_all_else_stays() -> None:
    code = marshal.loads(compiling.bytecode(DOCUMENTED, "module.py", documented=False)[HEADER_BYTES:])
    held: dict[str, object] = {"__name__": "module"}
    exec(code, held)  # noqa: S102  # what was compiled above
    assert held.get("__doc__") is None
    documented = {name: getattr(held[name], "__doc__", None) for name in ("Plain", "function", "other", "text")}
    assert set(documented.values()) == {None}
    assert held["Value"].__doc__ == "Kept: a made one would cost more."
    assert held["text"]() == "a text"  # type: ignore[operator]  # a function, by its source
    whole = marshal.loads(compiling.bytecode(DOCUMENTED, "module.py", documented=True)[HEADER_BYTES:])
    assert {"Of the module.", "Of the class."} <= set(map(str, constants(whole)))
    with pytest.raises(AssertionError, match="kept"):
        held["other"]().send(None)  # type: ignore[operator]  # likewise


def test_a_shim_that_fails_and_what_is_no_such_release_are_passed_over(tmp_path: Path) -> None:
    def pretend(folder: str, script: str) -> Path:
        path = tmp_path / folder / "python3.9"
        path.parent.mkdir(parents=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    def says(*version: object) -> str:
        return f"echo '{str(list(version)).replace(chr(39), chr(34))}'"

    shim = pretend("shims", "echo 'pyenv: python3.9: command not found' >&2; exit 127")
    beta = pretend("beta", says("cpython", 3, 9, 0, "beta", ""))
    without_gil = pretend("t", says("cpython", 3, 9, 1, "final", "t"))
    other = pretend("other", says("cpython", 3, 8, 1, "final", ""))
    another_kind = pretend("pypy", says("pypy", 3, 9, 1, "final", ""))
    good = pretend("good", says("cpython", 3, 9, 7, "final", ""))
    in_pyenv = pretend("pyenv/versions/3.9.18/bin", says("cpython", 3, 9, 18, "final", ""))
    for older in (2, 17):
        pretend(f"pyenv/versions/3.9.{older}/bin", says("cpython", 3, 9, older, "final", ""))
    in_uv = pretend("uv/cpython-3.9.20-linux-aarch64-gnu/bin", says("cpython", 3, 9, 20, "final", ""))
    bad = [shim, beta, without_gil, other, another_kind]
    on_path = {"PATH": ":".join(str(path.parent) for path in [*bad, good])}
    elsewhere = {"PATH": ":".join(str(path.parent) for path in bad), "HOME": str(tmp_path)}
    with_pyenv = {**elsewhere, "PYENV_ROOT": str(tmp_path / "pyenv")}
    with_uv = {**elsewhere, "UV_PYTHON_INSTALL_DIR": str(tmp_path / "uv")}
    for environ, path, version in (
        (on_path, good, "3.9.7"),
        (with_pyenv, in_pyenv, "3.9.18"),
        (with_uv, in_uv, "3.9.20"),
    ):
        assert interpreters.find("3.9", environ) == interpreters.Interpreter(path=path, version=version)
    assert interpreters.find("3.9", elsewhere) is None


def test_a_program_that_hangs_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hanging = tmp_path / "python3.9"
    hanging.write_text("#!/bin/sh\nexec sleep 20\n")
    hanging.chmod(0o755)
    monkeypatch.setattr(interpreters, "_PROBE_SECONDS", 0.2)
    begun = time.monotonic()
    assert interpreters.find("3.9", {"PATH": f"{tmp_path}", "HOME": str(tmp_path)}) is None
    assert time.monotonic() - begun < 10
