"""What a finished package must hold before anyone deploys it."""

from __future__ import annotations

import io
import re
import zipfile

from infra.package.errors import PackageError
from infra.package.target import Target

ZIPPED_LIMIT_BYTES = 50 * 1024 * 1024
"""Largest package that Lambda takes by direct upload. Source: AWS, "Lambda quotas"."""

UNZIPPED_LIMIT_BYTES = 250 * 1024 * 1024
"""Largest unzipped package, layers included. Source: AWS, "Lambda quotas"."""

_ELF_MAGIC = b"\x7fELF"
_ELF_HEADER_BYTES = 20
_ELF_MACHINE = slice(18, 20)
_INTERPRETER_TAG = re.compile(r"\.cpython-(?P<version>\d+)(?:-(?P<platform>[^.]+))?\.so$", re.ASCII)


def check(package: bytes, *, target: Target) -> None:
    """Makes sure that Lambda takes the zip and that its interpreter can load every library in it.

    Raises:
        PackageError: Too big, damaged, or with a library for another machine or interpreter.
    """
    with zipfile.ZipFile(io.BytesIO(package)) as directory:
        unzipped = sum(listed.file_size for listed in directory.infolist())
        _refuse_big(len(package), ZIPPED_LIMIT_BYTES, "zipped")
        _refuse_big(unzipped, UNZIPPED_LIMIT_BYTES, "unzipped")
        damaged = directory.testzip()
        if damaged is not None:
            raise PackageError(f"{damaged!r} in the package does not match its checksum. Run the program again.")
        for listed in directory.infolist():
            if listed.filename.endswith(".so") or ".so." in listed.filename:
                with directory.open(listed) as library:
                    check_library(listed.filename, library.read(_ELF_HEADER_BYTES), target=target)


def check_library(path: str, header: bytes, *, target: Target) -> None:
    """Makes sure that one shared library fits.

    Args:
        path: Its path in the zip, which may carry the tag of an interpreter.
        header: At least its first 20 bytes.
        target: What it has to fit.

    Raises:
        PackageError: It is for another machine or interpreter.
    """
    if not header.startswith(_ELF_MAGIC):
        raise PackageError(f"{path!r} in the package is no ELF library; Lambda runs Linux. Lock another version.")
    machine = int.from_bytes(header[_ELF_MACHINE], "little")
    if machine != target.processor.elf_machine:
        raise PackageError(
            f"{path!r} in the package is for ELF machine {machine}; {target.architecture} is"
            f" {target.processor.elf_machine}. A wheel for another platform slipped in: check the lock."
        )
    tag = _INTERPRETER_TAG.search(path)
    if tag is not None and f"cp{tag['version']}" != target.python.abi:
        raise PackageError(
            f"{path!r} in the package is for CPython {tag['version']}; {target.runtime} is {target.python.abi}."
            " A wheel for another interpreter slipped in: check the lock."
        )


def _refuse_big(size: int, limit: int, state: str) -> None:
    if size > limit:
        raise PackageError(
            f"the package is {size} bytes {state}, and Lambda takes {limit}. Omit what is not needed in"
            " infra/package/contents.py."
        )
