"""Makes a project from the template as a user does, on a machine that reaches no registry."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
import tomllib
import zipfile
from collections.abc import Mapping
from pathlib import Path

from pulumi_offline.engine.pins import ROOT

TEMPLATE = ROOT / "template"
VERSION = str(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"])
_OURS = ("federation_emulator", "keyless_", "pulumi_offline")
"""What a project has to install itself."""


def files_of(folder: Path) -> set[str]:
    """The files in a folder, by their paths in it; without what Python leaves."""
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def lay_in(environment: Path, *, pip: bool = False) -> None:
    """Puts what a registry would serve into a virtual environment that is yet to be made: links, bytecode included.

    Without ``pip``, that is for `python3 -m venv` to install.
    """
    left_out = _OURS if pip else (*_OURS, "pip")
    installed = Path(sysconfig.get_paths()["purelib"])
    target = environment / installed.relative_to(sys.prefix)
    target.mkdir(parents=True)
    for part in installed.iterdir():
        if part.name.startswith(left_out):
            continue
        if part.is_dir():
            shutil.copytree(part, target / part.name, copy_function=_link)
        else:
            _link(part, target / part.name)
    (environment / "bin").mkdir()
    _link(Path(sys.executable).with_name("uv"), environment / "bin" / "uv")


def lay_in_bytecode(environment: Path) -> None:
    """Puts the bytecode of this environment's packages next to the same files in another one: the SDKs' takes long."""
    installed = Path(sysconfig.get_paths()["purelib"])
    there = environment / installed.relative_to(sys.prefix)
    for compiled in installed.rglob("*.pyc"):
        folder = there / compiled.parent.relative_to(installed)
        if (folder.parent / f"{compiled.name.partition('.')[0]}.py").exists():
            folder.mkdir(exist_ok=True)
            _link(compiled, folder / compiled.name)


def write_empty_wheels(folder: Path, versions: Mapping[str, str]) -> None:
    """Writes wheels that hold nothing, for packages that only have to be there."""
    for name, version in versions.items():
        stem = f"{name.replace('-', '_')}-{version}"
        with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"{stem}.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
            wheel.writestr(f"{stem}.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{stem}.dist-info/RECORD", "")


def _link(source: str | Path, target: str | Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
