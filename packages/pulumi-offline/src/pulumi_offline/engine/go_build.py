"""The third way to an engine: built from the pinned Go modules in tools."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from federation_emulator.servers.errors import EngineError
from federation_emulator.servers.progress import Progress
from pulumi_offline.engine.pins import CLI, LANGUAGE_HOST, GoModule

_LIMIT_SECONDS = 30 * 60.0
_STAMP = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
_EXEC_SCRIPT = "pulumi-language-python-exec"
_INSTRUCTIONS = "https://www.pulumi.com/docs/install/"

_UNREACHABLE = re.compile(
    r"dial tcp|no such host|connection refused|i/o timeout|network is unreachable|TLS handshake|proxyconnect"
    r"|50[0-9] (?:Bad Gateway|Service Unavailable|Gateway Time)",
    re.IGNORECASE | re.ASCII,
)
_TOO_OLD = re.compile(r"requires go >= (\S+)|invalid go version|unknown directive: toolchain", re.ASCII)
_CHECKSUM = re.compile(r"SECURITY ERROR|checksum mismatch|missing go\.sum entry")
_FULL = re.compile(r"no space left on device", re.IGNORECASE | re.ASCII)


def build(folder: Path, *, progress: Progress) -> None:
    """Build the CLI and the Python language host into `folder/bin`.

    Raises:
        EngineError: one line with the reason and the fix.
    """
    go = shutil.which("go")
    if go is None:
        raise EngineError(
            "no pulumi: none on PATH, Pulumi's own host does not answer, and there is no Go to build "
            f"{CLI.version} with; install pulumi ({_INSTRUCTIONS}) or Go (https://go.dev/dl/), then run this again"
        )
    executables = folder / "bin"
    executables.mkdir()
    _compile(go, LANGUAGE_HOST, executables, progress=progress)
    shutil.copy2(_source_folder(go) / "python" / "cmd" / _EXEC_SCRIPT, executables / _EXEC_SCRIPT)
    (executables / _EXEC_SCRIPT).chmod(0o755)
    _compile(go, CLI, executables, progress=progress)


def build_tool(module: GoModule, folder: Path, *, progress: Progress) -> None:
    """Build one more program into the folder.

    Raises:
        EngineError: one line with the reason and the fix.
    """
    go = shutil.which("go")
    if go is None:
        raise EngineError(f"there is no {module} and no Go to build it with; install Go (https://go.dev/dl/)")
    _compile(go, module, folder, progress=progress)


def _compile(go: str, module: GoModule, folder: Path, *, progress: Progress) -> None:
    version, target = f"v{module.version}", folder / module.name
    command = [
        go, "build", "-trimpath", "-ldflags", f"-s -w -X {_STAMP}={version}", "-o", str(target), module.package,
    ]  # fmt: skip
    what = f"building {module.name} {version} with Go"
    try:
        result = progress.run(
            command, what=what, limit_seconds=_LIMIT_SECONDS, environment=_environment(os.environ), folder=module.folder
        )
    except subprocess.TimeoutExpired as error:
        raise EngineError(f"{what} is not done after {_LIMIT_SECONDS / 60:.0f} min; run this again") from error
    if result.returncode != 0:
        raise EngineError(explain(result.stdout, go=go, module=module))


def explain(output: str, *, go: str, module: GoModule) -> str:
    """One line for what the Go tool printed when it failed."""
    too_old = _TOO_OLD.search(output)
    if too_old:
        needed = f"{too_old[1]} or newer" if too_old[1] else "a newer one"
        return f"{go} is too old to build {module}: install Go {needed} (https://go.dev/dl/)"
    if _CHECKSUM.search(output):
        return (
            "what the Go module proxy sent is not what the go.sum files in tools pin; do not switch the check off: "
            f"look at GOPROXY and at the last lines: {_last(output)}"
        )
    if _UNREACHABLE.search(output):
        return (
            f"the Go module proxy can't be reached; set GOPROXY to one that can, or install {module.name} "
            f"({_INSTRUCTIONS}). Go said: {_last(output)}"
        )
    if _FULL.search(output):
        return "the disk is full: building pulumi needs 8 GB in the Go caches (see `go env GOCACHE GOMODCACHE`)"
    return f"building {module.name} failed; Go said: {_last(output)}"


def _last(output: str) -> str:
    lines = [line for line in output.strip().splitlines() if line.strip()]
    return lines[-1][:400] if lines else "nothing"


def _source_folder(go: str) -> Path:
    """Where the Go tool keeps the language host's module."""
    answer = subprocess.run(
        [go, "list", "-m", "-f", "{{.Dir}}", LANGUAGE_HOST.requires],
        cwd=LANGUAGE_HOST.folder,
        env=_environment(os.environ),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if answer.returncode != 0 or not answer.stdout.strip():
        raise EngineError(explain(answer.stderr, go=go, module=LANGUAGE_HOST))
    return Path(answer.stdout.strip())


def _environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Ours, less a workspace that would mix in; without cgo, so that no C compiler is needed, as in the release."""
    return {**environment, "GOWORK": "off", "CGO_ENABLED": "0"}
