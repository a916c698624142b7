"""Checks the workflows: syntax with actionlint, security with zizmor, and this project's own rules.

Run by ``make lint``. Go builds actionlint from its pin and keeps it; without Go that part is skipped with a note.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from keyless_bigquery.runtime.printable import one_line
from keyless_tools.delivery.workflow_rules import Workflow, problems
from pulumi_offline.engine.pins import ROOT

_LIMIT_SECONDS = 300.0
"""Go downloads and builds actionlint in half a minute; each later run takes half a second."""

_ACTIONLINT = "github.com/rhysd/actionlint/cmd/actionlint"
# Each expression in a command, and each secret outside an environment, are findings of the auditor only.
_ZIZMOR_OPTIONS = ("--offline", "--persona", "auditor", "--strict-collection", "--no-progress", "--color", "never")


_NOT_YET_KNOWN = r'"\$/[^"@]+" in invalid format because ref is missing'
"""What actionlint 1.7.12 says of GitHub's `$/`, this repository at the running commit (rhysd/actionlint#711)."""


def main(project: Path = ROOT) -> int:
    """Checks all in a project's `.github`, and its packages' actions; prints each finding, and returns 1 after any."""
    folder = project / ".github"
    workflows = sorted(folder.glob("workflows/*.yml"))
    own = sorted(project.glob("packages/*/action.yml"))
    files = (*workflows, *sorted(folder.glob("actions/*/action.yml")), *own)
    read = (Workflow.read(path.relative_to(project).as_posix(), path.read_text()) for path in files)
    found = [problem for workflow in read for problem in problems(workflow)]
    found += _zizmor(folder, *own) + _actionlint(workflows)
    for line in found:
        print(one_line(line))
    return int(bool(found))


def zizmor(*options: str | Path) -> list[str | Path]:
    """The command that audits workflows by this project's configuration, with more options, files or folders."""
    configuration = ROOT / ".github" / "zizmor.yml"
    return [Path(sys.executable).with_name("zizmor"), *_ZIZMOR_OPTIONS, "--config", configuration, *options]


def _zizmor(*paths: Path) -> list[str]:
    return _printed(zizmor("--quiet", *paths))


def _actionlint(workflows: Sequence[Path]) -> list[str]:
    go = shutil.which("go")
    if go is None:
        print("actionlint: skipped, since there is no Go to build it with (https://go.dev/dl/)", file=sys.stderr)
        return []
    # Without the two linters that it would find on some machines and not on others.
    folder = ROOT / "tools" / "actionlint"
    command = (
        *(go, "-C", folder, "run", _ACTIONLINT),
        *("-no-color", "-shellcheck=", "-pyflakes=", "-ignore", _NOT_YET_KNOWN),
    )
    return _printed([*command, *workflows], {"GOWORK": "off", "CGO_ENABLED": "0"})


def _printed(command: Sequence[str | Path], more: Mapping[str, str] | None = None) -> list[str]:
    environment = {**os.environ, **(more or {})}
    ended = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=_LIMIT_SECONDS, check=False
    )
    return (ended.stdout + ended.stderr).splitlines() if ended.returncode else []


if __name__ == "__main__":
    sys.exit(main())
