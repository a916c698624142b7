"""From the lock to files: uv installs what is locked, for the target's platform and not for this machine's."""

from __future__ import annotations

import csv
import io
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from keyless_bigquery.packaging.errors import PackageError
from keyless_bigquery.packaging.lock import Locked, normalised

_INSTALL_SECONDS = 300
_CONNECTION_SECONDS = 15
_CONNECTION_RETRIES = 1

_NO_WHEEL = re.compile(r"(\S+) has no (?:usable )?wheels", re.ASCII)
_ABSENT = re.compile(r"there is no version of (\S+?)\s|(\S+) was not found in the", re.ASCII)
_OTHER_HASH = re.compile(r"Hash mismatch for `([^`]+)`", re.ASCII)
_UNREACHABLE = re.compile(r"Failed to fetch|error sending request|network was disabled")


def install(entries: Iterable[Locked], folder: Path, *, python_version: str, platform: str | None, what: str) -> None:
    """Installs locked packages into a folder, from wheels whose hashes the lock has; nothing is built or compiled.

    Args:
        entries: What to install; nothing that they depend on is added.
        folder: Where to; it may be absent. Its ``requirements.txt`` is written beside it.
        python_version: Whose wheels, such as ``3.14``.
        platform: Whose, as :attr:`keyless_bigquery.packaging.target.Target.wheels`; ``None``: this machine's.
        what: What that is, for the errors.

    Raises:
        PackageError: A package has no such wheel, a hash differs, or the registry can't be reached; at most after
            five minutes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    listed = folder.with_name(f"{folder.name}.requirements.txt")
    listed.write_text("".join(entry.text for entry in entries), encoding="utf-8")
    command = [
        *(sys.executable, "-m", "uv", "pip", "install", "--quiet", "--color", "never"),
        *("--target", str(folder), "--python", sys.executable, "--python-version", python_version),
        *(("--python-platform", platform) if platform else ()),
        *("--only-binary", ":all:", "--require-hashes", "--verify-hashes", "--no-deps", "--no-compile-bytecode"),
        # What is installed may be changed by what imports it; uv's cache must not be.
        *("--link-mode", "copy", "--requirement", str(listed)),
    ]
    limits = {"UV_HTTP_TIMEOUT": str(_CONNECTION_SECONDS), "UV_HTTP_RETRIES": str(_CONNECTION_RETRIES)}
    try:
        # No shell, a fixed program, and arguments made from the lock and the tables of target.py.
        done = subprocess.run(
            command, env={**os.environ, **limits}, capture_output=True, text=True, timeout=_INSTALL_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise PackageError(
            f"uv installed the function's packages for {what} for {_INSTALL_SECONDS} s and was not done. Check the"
            " connection to the package registry, then run the program again."
        ) from None
    if done.returncode != 0:
        raise PackageError(_explain(done.stdout + done.stderr, what=what))


def owners(folder: Path) -> Iterator[tuple[str, str]]:
    """For each file that was installed into a folder, its path there and the name of its package.

    Raises:
        PackageError: A file would lie outside, or two packages bring different files of one name, of which either may
            be there.
    """
    digests: dict[str, str] = {}
    for record in sorted(folder.glob("*.dist-info/RECORD")):
        name = normalised(record.parent.name.partition("-")[0])
        for path, digest, _ in csv.reader(io.StringIO(record.read_text(encoding="utf-8"))):
            if ".." in path.split("/"):
                raise PackageError(f"{path!r} of {name} would lie outside the package. Don't use this wheel.")
            if digests.setdefault(path, digest) != digest:
                raise PackageError(
                    f"{path!r} is in two locked packages, of which {name} is one, with different content, and only one"
                    " can ship. Remove one of them from lambda_src/requirements.in, and run `keyless lock`."
                )
            yield path, name


def _explain(output: str, *, what: str) -> str:
    """What uv's failure means, in one line."""
    text = " ".join(output.split())
    if _UNREACHABLE.search(text):
        return (
            f"the package registry can't be reached, so the function's packages for {what} can't be installed:"
            f" {_tail(text)} Check the connection, and UV_DEFAULT_INDEX where there is a mirror; run the program again."
        )
    if found := _OTHER_HASH.search(text):
        return (
            f"a wheel of {found[1]} is not the one that the lock's hashes name. If you did not change the lock, do not"
            " use this registry; otherwise run `keyless lock`."
        )
    if found := _NO_WHEEL.search(text):
        return (
            f"{found[1]} has no wheel for {what}. Pin a version that has one in lambda_src/requirements.in and run"
            " `keyless lock`, or choose another functionRuntime or functionArchitecture."
        )
    if found := _ABSENT.search(text):
        return (
            f"the package registry has no {found[1] or found[2]}, which the lock names. Pin a version that it has in"
            " lambda_src/requirements.in, and run `keyless lock`."
        )
    if "--require-hashes" in text:
        return f"the lock isn't pinned with hashes: {_tail(text)} Run `keyless lock`."
    if "No module named uv" in text:
        return f"{sys.executable} has no uv, which installs the packages. Run: pip install -r requirements.txt"
    return f"uv could not install the function's packages for {what}: {_tail(text)}"


def _tail(text: str) -> str:
    return text[-400:].strip() or "it printed nothing."
