"""A person who runs what the doctor prints, word for word, in a shell on the local cloud."""

from __future__ import annotations

import inspect
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from keyless_bigquery.components.program import ROOT
from keyless_tools.doctor import fixes
from keyless_tools.doctor.finding import Finding, Verdict
from pulumi_offline.stack_harness import StackHarness
from tests.doctor.users import examined

ALL_FIXES = sorted(
    name
    for name, function in inspect.getmembers(fixes, inspect.isfunction)
    if function.__module__ == fixes.__name__ and not name.startswith("_") and name != "command"
)
"""The functions of which every printed command is made."""

_LIMIT_SECONDS = 110
_MOST_FIXES = 12
"""A fix may uncover what follows from it: an API is on again, then its pool is seen to be disabled."""


def shell(stage: StackHarness, command: str, folder: Path = ROOT, **variables: str) -> str:
    """Runs a line in a shell that answers no question; returns what it printed."""
    answers = {"PULUMI_SKIP_CONFIRMATIONS": "true", "CLOUDSDK_CORE_DISABLE_PROMPTS": "1"}
    done = subprocess.run(
        ["bash", "-euc", command], env={**stage.environment(), **answers, **variables}, cwd=folder,
        capture_output=True, text=True, timeout=_LIMIT_SECONDS, stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def to_fix(stage: StackHarness) -> list[Finding]:
    """What the doctor prints a command for, what failed first."""
    found = [one for walked in examined(stage) for one in walked.findings]
    return [one for verdict in (Verdict.FAILED, Verdict.WARNING) for one in found if one.verdict is verdict]


@contextmanager
def made_of() -> Iterator[dict[str, set[str]]]:
    """Notes meanwhile which functions make which commands, by the function's name."""
    made: dict[str, set[str]] = {name: set() for name in ALL_FIXES}

    def noting(name: str, function: Callable[..., str]) -> Callable[..., str]:
        def note(*arguments: Any, **named: Any) -> str:
            printed = function(*arguments, **named)
            made[name].add(printed)
            return printed

        return note

    with pytest.MonkeyPatch.context() as patch:
        for name in ALL_FIXES:
            patch.setattr(fixes, name, noting(name, getattr(fixes, name)))
        yield made


def follow(stage: StackHarness, editor: Path | None = None) -> set[str]:
    """Runs the first command that is printed, until there is none; returns the functions that made them.

    Args:
        stage: The stack.
        editor: What `$EDITOR` is.
    """
    ran: list[str] = []
    with made_of() as made:
        while found := to_fix(stage):
            assert len(ran) < _MOST_FIXES, (ran, found)
            first = found[0]
            assert first.fix, first
            # What is edited is a file in the folder: any but the project's.
            folder = editor.parent if editor is not None and "dataset.json" in first.fix else ROOT
            shell(stage, first.fix, folder, **({} if editor is None else {"EDITOR": str(editor)}))
            ran.append(first.fix)
    return {name for name, commands in made.items() if any(one in fix for one in commands for fix in ran)}
