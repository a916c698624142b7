"""A workshop in which small packages are built of wheels that are made there: no registry is asked."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import Path

from infra import package
from infra.package import Bytecode, Target

HOST = Target.host()
"""The machine that runs the tests."""


class Workshop:
    """A folder with sources, a lock, and a folder of wheels that stands in for the registry."""

    def __init__(self, folder: Path) -> None:
        self.source = folder / "lambda_src"
        self.lock = folder / "requirements.txt"
        self.wheels = folder / "wheels"
        self.cache = folder / "cache"
        for made in (self.source, self.wheels):
            made.mkdir()
        (self.source / "handler.py").write_text("print('hello')\n")
        self.lock.write_text("")

    def add(self, name: str, files: Mapping[str, str | bytes], *, tag: str = "py3-none-any") -> None:
        """Puts a wheel into the registry and into the lock."""
        self.add_wheel(name, files, tag=tag)
        wheel = self.wheels / f"{name}-1.0-{tag}.whl"
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        self.add_line(f"{name}==1.0 \\\n    --hash=sha256:{digest}\n    # via something")

    def add_wheel(self, name: str, files: Mapping[str, str | bytes], *, tag: str) -> None:
        metadata = f"{name}-1.0.dist-info"
        with zipfile.ZipFile(self.wheels / f"{name}-1.0-{tag}.whl", "w", zipfile.ZIP_DEFLATED) as wheel:
            for path, content in files.items():
                wheel.writestr(path, content)
            wheel.writestr(f"{metadata}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
            wheel.writestr(f"{metadata}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n")
            wheel.writestr(f"{metadata}/RECORD", "")

    def add_line(self, line: str) -> None:
        self.lock.write_text(f"{self.lock.read_text()}{line}\n")

    def build(self, target: Target = HOST, bytecode: Bytecode = Bytecode.NONE) -> Path:
        return package.build(
            target=target, function=self.source, library=None, lock=self.lock, cache=self.cache, bytecode=bytecode
        )


def files_of(archive: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(archive) as zipped:
        return {name: zipped.read(name) for name in zipped.namelist()}
