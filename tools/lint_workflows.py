"""Checks the workflows: their syntax with actionlint, and what this project asks of them besides.

Run by ``make lint``. actionlint is built once, with Go; where there is none, that half is skipped, and it says so.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from delivery.workflow_rules import Workflow, problems
from engine import actionlint
from engine.errors import EngineError
from engine.pins import ROOT
from engine.progress import Progress
from keyless_bigquery.runtime.printable import one_line

_LIMIT_SECONDS = 60.0


def main(project: Path = ROOT) -> int:
    """Checks them all.

    Args:
        project: the folder whose `.github` it looks into.

    Returns:
        The exit code: 1 if anything was found, which has been printed.
    """
    workflows = sorted(project.glob(".github/workflows/*.yml"))
    actions = sorted(project.glob(".github/actions/*/action.yml"))
    found = [
        problem for path in (*workflows, *actions) for problem in _own(path.relative_to(project), path.read_text())
    ]
    try:
        found += _actionlint(workflows)
    except EngineError as error:
        found.append(str(error))
    for line in found:
        print(one_line(line))
    return int(bool(found))


def _own(path: Path, text: str) -> list[str]:
    return problems(Workflow.read(path.as_posix(), text))


def _actionlint(workflows: list[Path]) -> list[str]:
    program = actionlint.ensure(Progress())
    if program is None:
        print("actionlint: skipped, since there is no Go to build it with (https://go.dev/dl/)", file=sys.stderr)
        return []
    # Without the two linters that it would find on some machines and not on others.
    command = [str(program), "-no-color", "-shellcheck=", "-pyflakes=", *map(str, workflows)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=_LIMIT_SECONDS, check=False)
    return (ended.stdout + ended.stderr).splitlines() if ended.returncode else []


if __name__ == "__main__":
    sys.exit(main())
