"""From the lock to wheels: pip fetches what is locked, for the target's platform and not for this machine's."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from infra.package.archive import Entry, read
from infra.package.errors import PackageError
from infra.package.target import Target

_FETCH_SECONDS = 300
_CONNECTION_SECONDS = 15
_CONNECTION_RETRIES = 1

_REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)\s*(?:;(?P<marker>[^\\]*))?", re.ASCII)
_HASH = re.compile(r"--hash=(\S+)", re.ASCII)

# pip evaluates a marker for the interpreter that runs it, whatever --platform and --python-version say. These two
# names are the same for every Lambda runtime and for whoever runs this program.
_CPYTHON_MARKER = re.compile(
    r"(?:(?:platform_python_implementation|implementation_name) != '\w+'|and|or|\s)+", re.ASCII
)

_NOT_FOUND = re.compile(r"No matching distribution found for (\S+)", re.ASCII)
_UNREACHABLE = re.compile(r"(NewConnectionError|ConnectTimeoutError|NameResolutionError|ProxyError|SSLError)")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Requirement:
    """One locked package.

    Args:
        name: Its name.
        version: The one version.
        hashes: Digests that its files may have, as ``sha256:…``.
    """

    name: str
    version: str
    hashes: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name}=={self.version}"


def locked(lock: str) -> list[Requirement]:
    """The packages of a lock that ``uv pip compile --generate-hashes`` wrote.

    Raises:
        PackageError: It holds something that is not a version with hashes, or a marker that depends on the machine.
    """
    without_comments = re.sub(r"^\s*#.*\n?", "", lock, flags=re.MULTILINE | re.ASCII)
    lines = without_comments.replace("\\\n", " ").splitlines()
    return [_requirement(line) for line in lines if line.strip()]


def fetch(requirements: Iterable[Requirement], *, target: Target, folder: Path) -> list[Path]:
    """Downloads the wheels of ``requirements`` for ``target`` into the empty ``folder``, and returns them.

    Args:
        requirements: What to fetch; nothing that they depend on is added.
        target: Whose platform tags and interpreter the wheels must fit.
        folder: An existing folder.

    Raises:
        PackageError: A package has no such wheel, a hash differs, or the registry can't be reached; at most after
            five minutes.
    """
    wanted = list(requirements)
    listed = folder / "requirements.txt"
    listed.write_text("".join(_line(requirement) for requirement in wanted), encoding="utf-8")
    command = [
        *(sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "download", "--quiet"),
        *("--timeout", str(_CONNECTION_SECONDS), "--retries", str(_CONNECTION_RETRIES)),
        *("--require-hashes", "--no-deps", "--progress-bar=off"),
        *target.pip_options,
        *("--dest", str(folder), "--requirement", str(listed)),
    ]
    try:
        # No shell, a fixed program, and arguments made from the lock and the tables of target.py.
        done = subprocess.run(command, capture_output=True, text=True, timeout=_FETCH_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise PackageError(
            f"pip fetched the function's wheels for {target} for {_FETCH_SECONDS} s and was not done. Check the"
            " connection to the package registry, then run the program again."
        ) from None
    if done.returncode != 0:
        raise PackageError(_explain(done.stdout + done.stderr, target=target))
    wheels = sorted(folder.glob("*.whl"))
    if len(wheels) != len(wanted):
        raise PackageError(f"pip fetched {len(wheels)} wheels for {len(wanted)} locked packages, for {target}.")
    return wheels


def installed(wheel: Path) -> Iterator[Entry]:
    """The files of a wheel at the paths where they are imported from.

    A wheel's root is the site-packages folder already; ``NAME.data/purelib`` and ``platlib`` go there too, and the
    rest of ``NAME.data`` (scripts, headers, data) has no place in a Lambda package. Source: PyPA, "Binary
    distribution format".

    Raises:
        PackageError: As :func:`infra.package.archive.read`.
    """
    for entry in read(wheel):
        folder, _, rest = entry.path.partition("/")
        if not folder.endswith(".data"):
            yield entry
        elif rest.startswith(("purelib/", "platlib/")):
            yield dataclasses.replace(entry, path=rest.partition("/")[2])


def distribution(wheel: Path) -> str:
    """The name of a wheel's package, as a lock has it. Source: PyPA, "Names and normalization"."""
    return re.sub(r"[-_.]+", "-", wheel.name.partition("-")[0]).lower()


def without(requirements: Iterable[Requirement], omitted: Collection[str]) -> list[Requirement]:
    """The requirements whose names are not in ``omitted``."""
    return [requirement for requirement in requirements if requirement.name not in omitted]


def _requirement(line: str) -> Requirement:
    found = _REQUIREMENT.match(line.strip())
    hashes = tuple(_HASH.findall(line))
    if found is None or not hashes:
        raise PackageError(
            f"the lock's line {line.strip()[:80]!r} is not NAME==VERSION with hashes. Compile the lock again, as its"
            " first lines say."
        )
    marker = (found["marker"] or "").split("--hash")[0].strip()
    if marker and not _CPYTHON_MARKER.fullmatch(marker):
        raise PackageError(
            f"the lock has {found['name']} only where {marker!r}: pip would ask that of this machine, not of Lambda."
            " Pin versions in requirements.in so that one lock fits every runtime."
        )
    return Requirement(name=found["name"].lower(), version=found["version"], hashes=hashes)


def _line(requirement: Requirement) -> str:
    return " ".join([str(requirement), *(f"--hash={digest}" for digest in requirement.hashes)]) + "\n"


def _explain(output: str, *, target: Target) -> str:
    """What pip's failure means, in one line."""
    missing = _NOT_FOUND.search(output)
    unreachable = _UNREACHABLE.search(output)
    if unreachable:
        return (
            f"the package registry can't be reached ({unreachable[1]}), so the function's wheels for {target} can't be"
            " fetched. Check the connection and `pip config list`, then run the program again."
        )
    if missing:
        newest, oldest = target.platform_tags[0], target.platform_tags[-1]
        return (
            f"{missing[1]} has no wheel for {target}: Python {target.python.python_version} on {newest} or older, down"
            f" to {oldest}. Lock a version that has one in lambda_src/requirements.in, or choose another runtime or"
            " architecture."
        )
    if "DO NOT MATCH THE HASHES" in output:
        return (
            f"a wheel for {target} is not the one that the lock's hashes name: {_last_line(output)} If you did not"
            " change the lock, do not use this registry."
        )
    if "No module named pip" in output:
        return f"{sys.executable} has no pip, which fetches the wheels. Add it with: {sys.executable} -m ensurepip"
    return f"pip could not fetch the function's wheels for {target}: {_last_line(output)}"


def _last_line(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")]
    return (errors or lines or ["it said nothing"])[-1]
