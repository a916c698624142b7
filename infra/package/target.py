"""What a package is built for: a Lambda runtime and an architecture, and what they mean to pip and to the linker.

Everything that differs between one runtime or architecture and the next is in the two tables of this module.
"""

from __future__ import annotations

import dataclasses
import platform
import sys
from collections.abc import Mapping

from infra.package.errors import PackageError

_LAMBDA_GLIBC_MINOR = 34
# glibc of Amazon Linux 2023, on which all runtimes below run. Source: AWS, "Lambda runtimes"; AL2023 release notes.

_OLDEST_GLIBC_MINOR = 5
# The oldest glibc that a manylinux tag can name. Source: PEP 600 and PEP 513.


@dataclasses.dataclass(frozen=True, kw_only=True)
class Runtime:
    """What a Lambda runtime is to pip.

    Args:
        python_version: Its Python, as pip's ``--python-version`` takes it.
        abi: The tag of its C interface.
        cache_tag: What the names of its bytecode files carry. Source: PEP 3147.
    """

    python_version: str
    abi: str
    cache_tag: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Architecture:
    """What a Lambda architecture is to pip and to the linker.

    Args:
        machine: Its name in platform tags and in ``uname -m``.
        elf_machine: ``e_machine`` of its ELF files. Source: System V ABI, ELF header.
        old_platform_tags: The platform tags from before PEP 600 that its wheels may carry.
    """

    machine: str
    elf_machine: int
    old_platform_tags: tuple[str, ...]


RUNTIMES: Mapping[str, Runtime] = {
    f"python3.{minor}": Runtime(python_version=f"3.{minor}", abi=f"cp3{minor}", cache_tag=f"cpython-3{minor}")
    for minor in (11, 12, 13, 14)
}
"""The Lambda runtimes that a package can be built for. Source: AWS, "Lambda runtimes"."""

ARCHITECTURES: Mapping[str, Architecture] = {
    "arm64": Architecture(machine="aarch64", elf_machine=183, old_platform_tags=("manylinux2014",)),
    "x86_64": Architecture(
        machine="x86_64", elf_machine=62, old_platform_tags=("manylinux2014", "manylinux2010", "manylinux1")
    ),
}
"""The Lambda architectures. Source: AWS, "Selecting and configuring an instruction set architecture"."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Target:
    """A Lambda runtime and architecture.

    Args:
        runtime: A key of :data:`RUNTIMES`, such as ``python3.14``.
        architecture: A key of :data:`ARCHITECTURES`: ``arm64`` or ``x86_64``.

    Raises:
        PackageError: One of them is not known here.
    """

    runtime: str
    architecture: str

    def __post_init__(self) -> None:
        _known(self.runtime, RUNTIMES, what="Lambda runtime")
        _known(self.architecture, ARCHITECTURES, what="Lambda architecture")

    def __str__(self) -> str:
        return f"{self.runtime} on {self.architecture}"

    @classmethod
    def host(cls) -> Target:
        """The running interpreter and machine, for a function that this machine itself runs.

        Raises:
            PackageError: Lambda has no such runtime or architecture.
        """
        machine = platform.machine().lower()
        names = {known.machine: name for name, known in ARCHITECTURES.items()}
        return cls(
            runtime=f"python{sys.version_info.major}.{sys.version_info.minor}",
            architecture=names.get(machine, machine),
        )

    @property
    def python(self) -> Runtime:
        """The runtime's Python."""
        return RUNTIMES[self.runtime]

    @property
    def processor(self) -> Architecture:
        """The architecture's processor."""
        return ARCHITECTURES[self.architecture]

    @property
    def platform_tags(self) -> tuple[str, ...]:
        """Every platform tag whose wheels Lambda can load, newest first."""
        machine = self.processor.machine
        modern = [f"manylinux_2_{minor}_{machine}" for minor in range(_LAMBDA_GLIBC_MINOR, _OLDEST_GLIBC_MINOR - 1, -1)]
        return (*modern, *(f"{tag}_{machine}" for tag in self.processor.old_platform_tags))

    @property
    def pip_options(self) -> tuple[str, ...]:
        """What makes pip take the wheels of this target, whatever machine it runs on, and nothing but wheels."""
        return (
            *("--only-binary=:all:", "--implementation", "cp", "--python-version", self.python.python_version),
            *(part for abi in (self.python.abi, "abi3", "none") for part in ("--abi", abi)),
            *(part for tag in self.platform_tags for part in ("--platform", tag)),
        )


def _known(name: str, known: Mapping[str, object], *, what: str) -> None:
    if name not in known:
        raise PackageError(f"{name!r} is no {what} that a package can be built for. Use one of: {', '.join(known)}.")
