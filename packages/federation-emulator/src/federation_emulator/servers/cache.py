"""What is built once and kept: made in a temporary folder, then renamed: a finished name is a finished thing."""

from __future__ import annotations

import fcntl
import hashlib
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from federation_emulator.library import CACHE_VARIABLE
from federation_emulator.servers.errors import EngineError


def this_platform() -> str:
    """Operating system and processor, for example `linux-x86_64`."""
    return f"{platform.system()}-{platform.machine()}".lower()


def this_python() -> str:
    """Implementation and version of the running Python, for example `cpython-3.11.7`."""
    return f"{sys.implementation.name}-{platform.python_version()}"


def digest(*parts: bytes) -> str:
    """Sixteen hex digits that stand for these bytes, each part with its length."""
    total = hashlib.sha256()
    for part in parts:
        total.update(len(part).to_bytes(8, "big") + part)
    return total.hexdigest()[:16]


def build_once(target: Path, build: Callable[[Path], None], *, waiting: Callable[[], None]) -> Path:
    """The finished folder, built first if it is not there.

    Two set-ups at once build it once: the second waits for the first. A build that is killed leaves only a temporary
    folder, which the next one removes.

    Args:
        target: folder to make. Its name must stand for everything it is made from.
        build: fills the empty folder that it is given.
        waiting: called once, when another set-up is building the same thing.

    Raises:
        EngineError: when the cache can't be written; what `build` raises goes through.
    """
    if target.is_dir():
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _locked(target.with_name(f".{target.name}.lock"), waiting):
            if not target.is_dir():
                _build(target, build)
    except PermissionError as error:
        raise EngineError(
            f"the cache {target.parent} can't be written ({error.strerror}); set {CACHE_VARIABLE} to a folder that can"
        ) from error
    return target


def _build(target: Path, build: Callable[[Path], None]) -> None:
    prefix = f".{target.name}.building-"
    # The lock is ours, so whatever has this name was left by a build that was killed.
    for left_over in target.parent.glob(f"{prefix}*"):
        shutil.rmtree(left_over)
    building = Path(tempfile.mkdtemp(prefix=prefix, dir=target.parent))
    try:
        build(building)
        building.chmod(0o755)
        building.rename(target)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise


@contextmanager
def _locked(path: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold an exclusive lock; the system lets go of it when the process ends, however it ends."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
