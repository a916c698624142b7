"""What a package is built for: a Lambda runtime and an architecture, and what they mean to uv.

Everything that differs between one runtime or architecture and the next is in the two tables of this module.
"""

from __future__ import annotations

import dataclasses
import platform
import sys
from collections.abc import Mapping

from keyless_bigquery.packaging.errors import PackageError

_LAMBDA_GLIBC = "manylinux_2_34"
# The newest wheels that load on Amazon Linux 2023, on which all runtimes below run. Source: AWS, "Lambda runtimes";
# AL2023 release notes; PEP 600.


@dataclasses.dataclass(frozen=True, kw_only=True)
class Runtime:
    """What a Lambda runtime is."""

    python_version: str
    cache_tag: str


RUNTIMES: Mapping[str, Runtime] = {
    f"python3.{minor}": Runtime(python_version=f"3.{minor}", cache_tag=f"cpython-3{minor}")
    for minor in (11, 12, 13, 14)
}
"""The Lambda runtimes that a package can be built for. Source: AWS, "Lambda runtimes"."""

ARCHITECTURES: Mapping[str, str] = {"arm64": "aarch64", "x86_64": "x86_64"}
"""The Lambda architectures, and what ``uname -m`` and wheels call them. Source: AWS, "Selecting and configuring an
instruction set architecture"."""


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
        names = {known: name for name, known in ARCHITECTURES.items()}
        return cls(
            runtime=f"python{sys.version_info.major}.{sys.version_info.minor}",
            architecture=names.get(machine, machine),
        )

    @property
    def python(self) -> Runtime:
        """The runtime's Python."""
        return RUNTIMES[self.runtime]

    @property
    def wheels(self) -> str:
        """The wheels that Lambda loads, as uv's ``--python-platform`` takes it."""
        return f"{ARCHITECTURES[self.architecture]}-{_LAMBDA_GLIBC}"

    @property
    def is_here(self) -> bool:
        """Whether this machine loads the target's compiled modules, given an interpreter of its version."""
        return sys.platform == "linux" and platform.machine() == ARCHITECTURES[self.architecture]


def _known(name: str, known: Mapping[str, object], *, what: str) -> None:
    if name not in known:
        raise PackageError(f"{name!r} is no {what} that a package can be built for. Use one of: {', '.join(known)}.")
