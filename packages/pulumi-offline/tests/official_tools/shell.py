"""A person's shell after the printed lines were pasted into it, in which the real gcloud, bq and aws run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from federation_emulator.client.cloud import LocalCloud
from federation_emulator.core.endpoints import Endpoints
from pulumi_offline.shell import get_ready

CLOSED = "http://127.0.0.1:9"
"""Nobody listens there: whatever a tool would send elsewhere through this proxy fails at once."""

_LIMIT_SECONDS = 60
_NOT_INHERITED = ("AWS_", "CLOUDSDK_", "GOOGLE_", "BIGQUERY", "PULUMI_")


def installed(tool: str) -> pytest.MarkDecorator:
    """Skip, and say so, where a tool is not installed."""
    return pytest.mark.skipif(shutil.which(tool) is None, reason=f"{tool} is not installed here")


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A command that has run."""

    status: int
    output: str
    errors: str

    def json(self) -> Any:
        """The output of a command that had to succeed, run with `--format=json`."""
        assert self.status == 0, self.errors
        return json.loads(self.output)


@dataclass(frozen=True, kw_only=True)
class Shell:
    """An environment in which to run tools, all of it, and a home folder, empty at first."""

    variables: Mapping[str, str]
    home: Path

    @classmethod
    def after_pasting(cls, cloud: LocalCloud, home: Path) -> Shell:
        """The printed `export` lines, read by a real shell in a clean environment that has no way out."""
        printed = get_ready(cloud.folder, Endpoints.read(cloud.folder), kept=False).splitlines()
        lines = [line for line in printed if line.startswith("export ")]
        before = {name: text for name, text in os.environ.items() if not name.startswith(_NOT_INHERITED)}
        proxies = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), CLOSED)
        for name in ("no_proxy", "NO_PROXY"):
            before.pop(name, None)
        pasted = subprocess.run(
            ["bash", "-c", "\n".join([*lines, "env -0"])],
            env={**before, **proxies, "HOME": str(home), "TERM": "dumb"},
            capture_output=True, text=True, timeout=_LIMIT_SECONDS, check=True,
        )  # fmt: skip
        found = dict(entry.partition("=")[::2] for entry in pasted.stdout.split("\0") if entry)
        return cls(variables=found, home=home)

    def but(self, *, without: Iterable[str] = (), **changes: str) -> Shell:
        """The same shell with other variables."""
        kept = {name: text for name, text in self.variables.items() if name not in set(without)}
        return replace(self, variables={**kept, **changes})

    def run(self, *command: str, lines: str | None = None) -> Ended:
        """Run a tool to its end, without a terminal."""
        ended = subprocess.run(
            command, env=dict(self.variables), cwd=self.home, input=lines or "",
            capture_output=True, text=True, timeout=_LIMIT_SECONDS, check=False,
        )  # fmt: skip
        return Ended(status=ended.returncode, output=ended.stdout, errors=ended.stderr)

    def gcloud(self, command: str, *more: str) -> Ended:
        """Run gcloud; the words of `command` are split at spaces, those of `more` are not."""
        return self.run("gcloud", "--quiet", "--format=json", *command.split(), *more)

    def done(self, command: str, *more: str) -> Any:
        """Run gcloud, which has to succeed, and return what it prints as JSON."""
        return self.gcloud(command, *more).json()

    def bq(self, *lines: str) -> list[str]:
        """Run commands in one `bq shell`, since bq takes seconds to start; return what each printed."""
        prompt = f"{self.variables['CLOUDSDK_CORE_PROJECT']}> "
        ended = self.run("bq", "shell", lines="".join(f"{line}\n" for line in lines))
        printed = ended.output.split(prompt)[1:-1]
        assert len(printed) == len(lines), ended.output + ended.errors
        return [" ".join(text.split()) for text in printed]
