"""A person who runs what the doctor prints, word for word, in a shell on the local cloud."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from keyless_bigquery.components.program import ROOT
from keyless_tools.doctor.finding import Finding, Verdict
from keyless_tools.doctor.report import Walked
from pulumi_offline.stack_harness import StackHarness
from tests.doctor.users import examined

_LIMIT_SECONDS = 110
_ROUNDS = 4
"""A fix may uncover what follows from it: a pool is made, then its provider."""


def shell(stage: StackHarness, command: str, **variables: str) -> str:
    """Runs a line in a shell that answers no question; returns what it printed.

    Raises:
        AssertionError: It failed.
    """
    answers = {"PULUMI_SKIP_CONFIRMATIONS": "true", "CLOUDSDK_CORE_DISABLE_PROMPTS": "1"}
    done = subprocess.run(
        ["bash", "-euc", command], env={**stage.environment(), **answers, **variables}, cwd=ROOT,
        capture_output=True, text=True, timeout=_LIMIT_SECONDS, stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def open_findings(stage: StackHarness) -> list[Finding]:
    """What the doctor has a command for now."""
    walks: tuple[Walked, ...] = examined(stage)
    found = [one for walked in walks for one in walked.findings]
    return [one for one in found if one.verdict in (Verdict.FAILED, Verdict.WARNING)]


def follow(stage: StackHarness, folder: Path, variables: Mapping[str, str] | None = None) -> list[str]:
    """Runs the first fix that is printed, until the doctor has none; returns the commands."""
    ran: list[str] = []
    for _ in range(_ROUNDS):
        found = open_findings(stage)
        if not found:
            return ran
        failed = next((one for one in found if one.verdict is Verdict.FAILED), found[0])
        assert failed.fix, failed
        shell(stage, f"cd {folder} && {failed.fix}" if "dataset.json" in failed.fix else failed.fix, **(variables or {}))
        ran.append(failed.fix)
    assert not open_findings(stage), ran
    return ran
