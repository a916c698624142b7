"""Makes a fresh clone ready: the virtual environment, the emulators' environments and the Pulumi engine.

Run by ``make setup`` with the system's Python, so it needs the standard library only. It can be run again at any
time: what is finished is kept, what is half finished is made anew.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
READY = VENV / "ready"
PYTHON = VENV / "bin" / "python"
MINIMUM_PYTHON = (3, 11)
STEP_LIMIT_SECONDS = 1500
ENGINE = ("pulumi", "pulumi-language-python", "pulumi-language-python-exec")
"""The engine's executables that are linked into the environment."""

_STARTED = time.monotonic()


class SetUpError(Exception):
    """A step failed. The message says which, why, and what to do."""


def main() -> int:
    """Makes everything ready; the exit code says whether it is."""
    try:
        _check_python()
        _make_environment()
        _make_engine_and_emulators()
    except SetUpError as error:
        print(f"set-up failed: {error}", file=sys.stderr)
        return 1
    _warm_up()
    _build_package()
    READY.touch()
    _say("ready")
    return 0


def _say(line: str) -> None:
    print(f"[{time.monotonic() - _STARTED:6.1f} s] {line}", file=sys.stderr, flush=True)


def _check_python() -> None:
    if sys.version_info[:2] < MINIMUM_PYTHON:
        found = ".".join(map(str, sys.version_info[:2]))
        raise SetUpError(
            f"this is Python {found}, and 3.11 or newer is needed. Name one with: make setup PYTHON=python3.13"
        )


def _make_environment() -> None:
    if VENV.exists() and not READY.exists():
        _say("an earlier set-up did not finish: starting over with .venv")
        shutil.rmtree(VENV)
    READY.unlink(missing_ok=True)
    _say("virtual environment .venv")
    if not VENV.exists():
        try:
            venv.create(VENV, with_pip=True)
        except subprocess.CalledProcessError as error:
            raise SetUpError(
                "Python can't make a virtual environment with pip here. On Debian: apt-get install python3-venv"
            ) from error
    registry = "is the package registry reachable? `pip download uv` shows what pip sees"
    _run([PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes",
          "--requirement", ROOT / "tools" / "bootstrap.txt"], registry)  # fmt: skip
    # The lock has each package's hash. This project's own packages are linked, not copied.
    _run([VENV / "bin" / "uv", "sync", "--quiet", "--frozen", "--all-packages"], registry)


def _make_engine_and_emulators() -> None:
    """The engine last: where it must be built it takes minutes, and if it can't be, its reason is the last line."""
    made = ""
    for what, module in {
        "emulators and policy pack": "tools.environments",
        "Pulumi engine": "pulumi_offline.engine",
    }.items():
        _say(what)
        command: list[str | Path] = [PYTHON, "-m", module]
        try:
            ended = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=STEP_LIMIT_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise SetUpError(f"{what}: not done after {STEP_LIMIT_SECONDS} s; run it again") from error
        if ended.returncode != 0:
            raise SetUpError(f"{what}: not available; the line above has the reason")
        made = ended.stdout
    _link_engine(Path(made.strip()))


def _link_engine(folder: Path) -> None:
    """Puts the engine that this project runs with into the environment, so that activating it is enough."""
    for name in ENGINE:
        link = VENV / "bin" / name
        link.unlink(missing_ok=True)
        if (folder / name).exists():
            link.symlink_to(folder / name)


def _warm_up() -> None:
    """Lets Python compile what the demo imports, so that the first run is as quick as the next."""
    _say("bytecode of what the demo imports")
    modules = (
        "pulumi_offline.demo",
        "federation_emulator.servers.serve",
        "pulumi_offline.plugins.aws",
        "pulumi_offline.plugins.gcp",
    )
    _run([PYTHON, "-c", f"import {', '.join(modules)}"], "this is a bug in the project: please report it")


def _build_package() -> None:
    """Builds the function's package for this machine, so that the demo needs no network afterwards."""
    _say("the function's package")
    code = (
        "from keyless_bigquery import packaging as package;"
        "from keyless_bigquery.components.program import FUNCTION, LIBRARY, package_cache;"
        "package.build(target=package.Target.host(), function=FUNCTION, library=LIBRARY,"
        " lock=FUNCTION / 'requirements.txt', cache=package_cache())"
    )
    try:
        _run([PYTHON, "-c", code], "the demo will build it again")
    except SetUpError as error:
        # It may well be the user's function, which is no reason to be without the tools.
        _say(f"not built: {error}")


def _run(command: list[str | Path], fix: str) -> None:
    try:
        finished = subprocess.run(command, cwd=ROOT, timeout=STEP_LIMIT_SECONDS, capture_output=True, text=True)
    except subprocess.TimeoutExpired as error:
        raise SetUpError(f"{command[0]} took longer than {STEP_LIMIT_SECONDS} s; {fix}") from error
    if finished.returncode != 0:
        lines = [line for line in finished.stderr.splitlines() if line.strip()] or ["no output"]
        raise SetUpError(f"{Path(command[0]).name}: {lines[-1].strip()!r} ({fix})")


if __name__ == "__main__":
    sys.exit(main())
