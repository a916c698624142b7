"""A workshop in which small packages are built of wheels that are made there: no registry is asked."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import Path

from keyless_bigquery import packaging as package
from keyless_bigquery.packaging import Bytecode, Contents, Target
from keyless_bigquery.runtime.environment import DEFAULT_HANDLER

HOST = Target.host()
"""The machine that runs the tests."""

HANDLER = "def lambda_handler(event, context):\n    return event\n"


class Workshop:
    """A folder with sources, a lock, and a folder of wheels that stands in for the registry."""

    def __init__(self, folder: Path) -> None:
        self.source = folder / "lambda_src"
        self.lock = folder / "requirements.txt"
        self.wheels = folder / "wheels"
        self.cache = folder / "cache"
        self.warnings: list[str] = []
        for made in (self.source, self.wheels):
            made.mkdir()
        self.write(HANDLER)
        self.lock.write_text("")

    def write(self, text: str, path: str = "handler.py") -> None:
        """Puts a file into the function's folder."""
        (self.source / path).parent.mkdir(parents=True, exist_ok=True)
        (self.source / path).write_text(text)

    def add(
        self, name: str, files: Mapping[str, str | bytes], *, tag: str = "py3-none-any", via: str = "something"
    ) -> None:
        """Puts a wheel into the registry and into the lock; ``via`` is what requires it."""
        self.add_wheel(name, files, tag=tag)
        wheel = self.wheels / f"{name.replace('-', '_')}-1.0-{tag}.whl"
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        self.add_line(f"{name}==1.0 \\\n    --hash=sha256:{digest}\n    # via {via}")

    def add_wheel(self, name: str, files: Mapping[str, str | bytes], *, tag: str) -> None:
        name = name.replace("-", "_")
        metadata = f"{name}-1.0.dist-info"
        everything: dict[str, str | bytes] = {
            **files,
            f"{metadata}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
            f"{metadata}/WHEEL": f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {tag}\n",
        }
        contents = {path: text.encode() if isinstance(text, str) else text for path, text in everything.items()}
        with zipfile.ZipFile(self.wheels / f"{name}-1.0-{tag}.whl", "w", zipfile.ZIP_DEFLATED) as wheel:
            record = ""
            for path, content in contents.items():
                wheel.writestr(path, content)
                digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
                record += f"{path},sha256={digest},{len(content)}\n"
            wheel.writestr(f"{metadata}/RECORD", f"{record}{metadata}/RECORD,,\n")

    def add_line(self, line: str) -> None:
        self.lock.write_text(f"{self.lock.read_text()}{line}\n")

    def build(
        self,
        target: Target = HOST,
        bytecode: Bytecode = Bytecode.NONE,
        contents: Contents = Contents.SLIM,
        handler: str = DEFAULT_HANDLER,
        environ: Mapping[str, str] | None = None,
    ) -> Path:
        return package.build(
            target=target,
            function=self.source,
            library=None,
            lock=self.lock,
            cache=self.cache,
            bytecode=bytecode,
            contents=contents,
            warn=self.warnings.append,
            handlers={handler: environ or {}},
        )


def files_of(archive: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(archive) as zipped:
        return {name: zipped.read(name) for name in zipped.namelist()}
