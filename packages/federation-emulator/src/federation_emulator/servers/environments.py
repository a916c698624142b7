"""The virtual environments next to the project's own, from hash-locked requirements.

The local AWS runs the function with its own Python, so that Python must hold nothing that was not packaged; the
BigQuery emulator pins a DuckDB that nothing else needs; and the SDK of policy packs takes no protobuf as new as ours.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from federation_emulator.library import cache_folder
from federation_emulator.servers.cache import build_once, digest, this_platform, this_python
from federation_emulator.servers.errors import EngineError
from federation_emulator.servers.progress import Progress

_LIMIT_SECONDS = 15 * 60.0
_RECIPE = b"1"
"""Raise it when the way an environment is made changes, so that older ones are not taken."""

_IMPORT_SPATIAL = "from duckdb_extensions import import_extension; import_extension('spatial')"


@dataclass(frozen=True, kw_only=True)
class Environment:
    """A virtual environment in the cache.

    Args:
        duckdb_spatial: whether DuckDB's spatial extension is laid in; it is looked for below HOME.
    """

    name: str
    lock: Path
    duckdb_spatial: bool = False

    @property
    def folder(self) -> Path:
        """Where it is, or will be."""
        key = digest(_RECIPE, self.lock.read_bytes(), this_python().encode())
        return cache_folder() / "environments" / f"{self.name}-{this_python()}-{this_platform()}-{key}"

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    @property
    def home(self) -> Path:
        """The HOME to run it with: the environment's own, so that nothing of the user's is read or written."""
        return self.folder / "home"


_LOCKS = Path(__file__).with_name("locks")
SERVER = Environment(name="server", lock=_LOCKS / "server.txt")
LOCAL_AWS = Environment(name="local-aws", lock=_LOCKS / "local-aws.txt")
LOCAL_WAREHOUSE = Environment(name="local-warehouse", lock=_LOCKS / "local-bigquery.txt", duckdb_spatial=True)


def ensure(environment: Environment, progress: Progress) -> Environment:
    """Make the environment unless it is there.

    Raises:
        EngineError: when a package can't be had, or is not the one whose hash is locked.
    """
    build_once(
        environment.folder,
        lambda folder: _make(environment, folder, progress),
        waiting=lambda: progress.say(f"another set-up is making the {environment.name} environment; waiting for it"),
    )
    return environment


def _make(environment: Environment, folder: Path, progress: Progress) -> None:
    python = folder / "bin" / "python"
    uv = _uv()
    if uv:
        create = [uv, "venv", "--quiet", "--no-project", "--allow-existing", "--python", sys.executable, str(folder)]
        install = [uv, "pip", "install", "--quiet", "--no-build", "--python", str(python)]
    else:
        # To give each environment a pip of its own takes half a minute, so this Python's serves it, if it has one.
        ours = importlib.util.find_spec("pip") is not None
        create = [sys.executable, "-m", "venv", *(["--without-pip"] if ours else []), str(folder)]
        pip = [sys.executable, "-m", "pip", "--python", str(python)] if ours else [str(python), "-m", "pip"]
        options = ("--quiet", "--no-input", "--disable-pip-version-check", "--only-binary", ":all:")
        install = [*pip, "install", *options]
    what = f"the {environment.name} environment"
    _run(create, f"creating {what}", progress)
    _run([*install, "--require-hashes", "-r", str(environment.lock)], f"installing {what}", progress)
    home = folder / "home"
    home.mkdir()
    if environment.duckdb_spatial:
        _run([str(python), "-I", "-c", _IMPORT_SPATIAL], f"laying DuckDB's extension into {what}", progress, home=home)


def _uv() -> str | None:
    """uv, which is many times faster than pip, if it is installed."""
    if importlib.util.find_spec("uv") is not None:
        import uv  # only where it is installed: a plain virtual environment has no uv

        return str(uv.find_uv_bin())
    sibling = Path(sys.executable).parent / "uv"
    return str(sibling) if sibling.exists() else shutil.which("uv")


def _run(command: list[str], what: str, progress: Progress, *, home: Path | None = None) -> None:
    variables = None if home is None else {"HOME": str(home), "PATH": "/usr/bin:/bin"}
    try:
        result = progress.run(command, what=what, limit_seconds=_LIMIT_SECONDS, environment=variables)
    except subprocess.TimeoutExpired as error:
        raise EngineError(f"{what} is not done after {_LIMIT_SECONDS / 60:.0f} min; run this again") from error
    if result.returncode != 0:
        lines = [line.strip() for line in result.stdout.strip().splitlines() if line.strip()]
        raise EngineError(
            f"{what} failed; is the package index reachable (PIP_INDEX_URL, UV_DEFAULT_INDEX)? "
            f"It said: {' '.join(lines[-3:])[:500] or 'nothing'}"
        )
