"""actionlint, which reads GitHub's workflows: built once from the pinned Go module in tools/actionlint."""

from __future__ import annotations

import shutil
from pathlib import Path

from engine import go_build
from engine.cache import build_once, digest, this_platform
from engine.pins import ACTIONLINT
from engine.progress import Progress
from infra.cache import cache_folder


def ensure(progress: Progress) -> Path | None:
    """The executable, built first if need be; None where it is not built yet and there is no Go to build it with.

    Raises:
        EngineError: Go is there and could not build it; one line that says why and what to do.
    """
    folder = cache_folder() / "tools" / f"actionlint-{ACTIONLINT.version}-{this_platform()}-{digest(ACTIONLINT.sums)}"
    go = shutil.which("go")
    if go is None and not folder.is_dir():
        return None
    build_once(
        folder,
        lambda made: _make(go or "go", made, progress),
        waiting=lambda: progress.say("another set-up is building actionlint; waiting for it"),
    )
    return folder / ACTIONLINT.name


def _make(go: str, folder: Path, progress: Progress) -> None:
    go_build.compile_program(go, ACTIONLINT, folder, progress=progress)
