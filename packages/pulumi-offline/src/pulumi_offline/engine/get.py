"""Getting an engine: PATH, then the cache, then the official installer, then Go."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from federation_emulator.servers.cache import build_once, digest, this_platform
from federation_emulator.servers.errors import EngineError
from federation_emulator.servers.progress import Progress
from keyless_bigquery.cache import cache_folder
from pulumi_offline.engine import go_build, installer, on_path
from pulumi_offline.engine.pins import CLI, LANGUAGE_HOST


@dataclass(frozen=True, kw_only=True)
class Engine:
    """A ready engine.

    Args:
        folder: folder that holds `pulumi` and `pulumi-language-python`.
        source: where it came from: `PATH` or `cache`.
    """

    folder: Path
    source: str

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
    finished = _finished()
    if (finished / "bin" / "pulumi").exists():
        return Engine(folder=finished / "bin", source="cache")
    found = on_path.find(at_least=CLI.version)
    return None if found.folder is None else Engine(folder=found.folder, source="PATH")


def ensure(progress: Progress) -> Engine:
    """An engine, installed or built first if need be.

    Raises:
        EngineError: one line that says why there is none and what to do.
    """
    found = on_path.find(at_least=CLI.version)
    if found.folder is not None:
        return Engine(folder=found.folder, source="PATH")
    finished = _finished()
    if not finished.is_dir():
        progress.say(found.reason)
        build_once(
            finished,
            lambda folder: _make(folder, progress),
            waiting=lambda: progress.say("another set-up is getting the same engine; waiting for it"),
        )
    return Engine(folder=finished / "bin", source="cache")


def _finished() -> Path:
    key = digest(CLI.sums, LANGUAGE_HOST.sums)
    return cache_folder() / "engines" / f"pulumi-{CLI.version}-{this_platform()}-{key}"


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
