"""Getting an engine: PATH, then the cache, then the official installer, then Go."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from federation_emulator.servers.cache import build_once, digest, this_platform
from federation_emulator.servers.errors import EngineError
from federation_emulator.servers.progress import Progress
from keyless_bigquery.cache import cache_folder
from pulumi_offline.engine import go_build, installer
from pulumi_offline.engine.pins import CLI, LANGUAGE_HOST, GoModule, Version

_LIMIT_SECONDS = 20.0


@dataclass(frozen=True)
class Engine:
    """A ready engine: the folder that holds `pulumi` and `pulumi-language-python`."""

    folder: Path

    @property
    def pulumi(self) -> Path:
        """The `pulumi` executable."""
        return self.folder / "pulumi"

    @property
    def language_host(self) -> Path:
        """Where the Python language host is, if it lies next to `pulumi`."""
        return self.folder / "pulumi-language-python"


def find() -> Engine | None:
    """An engine that is ready now; None when set-up has still to be run. Downloads and builds nothing."""
    cached = Engine(_finished() / "bin")
    return cached if cached.pulumi.exists() else on_path()[0]


def ensure(progress: Progress) -> Engine:
    """An engine, installed or built first if need be.

    Raises:
        EngineError: one line with the reason and the fix.
    """
    found, reason = on_path()
    if found is not None:
        return found
    finished = _finished()
    if not finished.is_dir():
        progress.say(reason)
        build_once(
            finished,
            lambda folder: _make(folder, progress),
            waiting=lambda: progress.say("another set-up is getting the same engine; waiting for it"),
        )
    return Engine(finished / "bin")


def tool(module: GoModule, progress: Progress) -> Path:
    """A program besides the engine: the one next to it, as the official release has some, or one that is built first.

    Raises:
        EngineError: one line with the reason and the fix.
    """
    engine = find()
    if engine is not None and (own := engine.folder / module.name).exists():
        return own
    target = _place(module, module.sums)
    build_once(
        target,
        lambda folder: go_build.build_tool(module, folder, progress=progress),
        waiting=lambda: progress.say(f"another process is building {module}; waiting for it"),
    )
    return target / module.name


def on_path() -> tuple[Engine | None, str]:
    """The engine on PATH, if it is of a suitable version and has its Python language host; else the reason."""
    program = shutil.which("pulumi")
    if program is None:
        return None, "no pulumi on PATH"
    try:
        version = _version(program)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        return None, f"{program} does not print its version ({error})"
    least = CLI.version
    if version.major != least.major or version < least:
        return None, f"{program} is {version}; it must be {least} or newer, and below {least.major + 1}.0.0"
    engine = Engine(Path(program).resolve().parent)
    if not engine.language_host.exists() and not shutil.which("pulumi-language-python"):
        return None, f"{program} has no pulumi-language-python next to it"
    return engine, ""


def _version(program: str) -> Version:
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    answer = subprocess.run(
        [program, "version"], env=environment, capture_output=True, text=True, check=True, timeout=_LIMIT_SECONDS
    )
    return Version.parse(answer.stdout)


def _finished() -> Path:
    return _place(CLI, CLI.sums, LANGUAGE_HOST.sums)


def _place(module: GoModule, *sums: bytes) -> Path:
    return cache_folder() / "engines" / f"{module.name}-{module.version}-{this_platform()}-{digest(*sums)}"


def _make(folder: Path, progress: Progress) -> None:
    if installer.reachable():
        try:
            installer.install(folder, version=CLI.version, progress=progress)
        except EngineError as error:
            progress.say(f"{error}; building it instead")
        else:
            return
    else:
        progress.say("Pulumi's own host does not answer; building the engine instead")
    for part in folder.iterdir():
        raise EngineError(f"the installer left {part} behind; run this again")
    go_build.build(folder, progress=progress)
