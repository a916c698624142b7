"""Blocks of commands as a reader types them: in a clone that has been used, on a machine without pulumi on PATH."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import venv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from federation_emulator.client.cloud import LocalCloud
from pulumi_offline.engine.pins import ROOT
from pulumi_offline.shell import variables, write_settings
from tests.docs.pages import documents, name_of, read
from tests.template.making import lay_in
from tools.copying import copy_repository

PROJECT, ACCOUNT = "my-project", "123456789012"
"""The names that the documents use."""

_LIMIT_SECONDS = 180.0
_GRACE_SECONDS = 20.0

_GCLOUD = 'case "$1 $2" in "services enable" | "auth application-default") ;; *) exit 2 ;; esac'
_BQ = """#!{python}
import json, os, sys, httpx
command, table = sys.argv[1:3]
assert command == "insert", sys.argv
project, _, rest = table.partition(":")
dataset, _, name = rest.partition(".")
rows = [{{"json": json.loads(line)}} for line in sys.stdin]
url = os.environ["CLOUDSDK_API_ENDPOINT_OVERRIDES_BIGQUERY"]
token = {{"Authorization": "Bearer " + os.environ["GOOGLE_OAUTH_ACCESS_TOKEN"]}}
answer = httpx.post(
    f"{{url}}bigquery/v2/projects/{{project}}/datasets/{{dataset}}/tables/{{name}}/insertAll",
    json={{"rows": rows}}, headers=token, timeout=20,
)
sys.exit(0 if answer.is_success and not answer.json().get("insertErrors") else answer.text)
"""
"""What `bq insert` sends; the tool itself is in no package registry."""

_RECORDER = '#!{python}\nimport json, sys\nprint(json.dumps(sys.argv[1:]), file=open("{file}", "a"))\n'


@dataclass(frozen=True, kw_only=True)
class Block:
    """A block of a document that may hold commands."""

    page: str
    text: str

    @property
    def key(self) -> tuple[str, str]:
        """The document, and the first words of the block."""
        return self.page, " ".join(self.text.strip().splitlines()[0].partition("  ")[0].split()[:5])

    @property
    def only_sets(self) -> bool:
        """Whether each of its lines is one `pulumi config set`."""
        return all(line.startswith("pulumi config set ") for line in self.text.splitlines())


def blocks() -> list[Block]:
    """Every block of every document that a reader could take for commands."""
    return [Block(page=name_of(document), text=text) for document in documents() for text in read(document).blocks]


@dataclass(frozen=True, kw_only=True)
class Clone:
    """A used clone of the working tree, whose stacks are deployed on a local cloud, and what a reader's shell has."""

    folder: Path
    environment: dict[str, str]

    @classmethod
    def make(cls, folder: Path, cloud: LocalCloud, plugins: Mapping[str, str]) -> Clone:
        """Copy what git would, set it up, and leave what use leaves: a stack, build folders, caches.

        The set-up finds the packages of a registry in place: each run of the whole suite sets up a clone from nothing.
        """
        clone = copy_repository(folder / "clone")
        lay_in(clone / ".venv", pip=True)
        venv.create(clone / ".venv")
        (clone / ".venv" / "ready").touch()
        os.utime(clone / ".venv" / "ready", (0, 0))
        put_settings(clone, cloud)
        made = cls(folder=clone, environment={**readers_environment(folder / "bin", cloud), **plugins})
        assert shutil.which("pulumi", path=made.environment["PATH"]) is None
        made.type("make setup\n. .venv/bin/activate\npulumi stack init used-before")
        for left in ("build/preview", ".pytest_cache", ".ruff_cache", ".local/cloud"):
            (clone / left).mkdir(parents=True, exist_ok=True)
        return made

    def type(self, block: str, *, answer: str = "", activate: bool = False, refused: bool = False, **more: str) -> str:
        """Run a block as it stands in a fresh shell, and end what it left running. Returns everything it printed.

        Each line must succeed; of one that shows a refusal (``refused``) only the last. ``answer`` is typed where one
        asks; with ``activate`` the reader has typed `. .venv/bin/activate` before; ``more`` are further variables.
        """
        lines = [". .venv/bin/activate"] * activate + [block]
        output = self.folder.parent / "output"
        output.unlink(missing_ok=True)
        # Ends when the last process does that the shell started and that still has it.
        ended, held = os.pipe()
        with output.open("w") as stream:
            shell = subprocess.Popen(
                ["bash", *([] if refused else ["-e", "-o", "pipefail"]), "-c", "\n".join(lines)],
                cwd=self.folder,
                env={**self.environment, **more},
                stdin=subprocess.PIPE,
                stdout=stream,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
                pass_fds=[held],
            )
            os.close(held)
            try:
                shell.communicate(answer, timeout=_LIMIT_SECONDS)
            finally:
                _end(shell.pid, ended)
        printed = output.read_text()
        assert shell.returncode == 0, f"{block}\n{printed}"
        return printed

    def recorded(self, block: str) -> list[list[str]]:
        """Run a block with a `pulumi` that only notes what it is called with. Returns that, call by call."""
        folder = self.folder.parent / "recorder"
        folder.mkdir(exist_ok=True)
        calls = folder / "calls"
        calls.write_text("")
        _executable(folder / "pulumi", _RECORDER.format(python=sys.executable, file=calls))
        self.type(block, PATH=f"{folder}{os.pathsep}{self.environment['PATH']}")
        return [json.loads(line) for line in calls.read_text().splitlines()]


def put_settings(clone: Path, cloud: LocalCloud) -> None:
    """Writes the stack's settings with the local cloud's endpoints, and without the two that the reader sets."""
    target = clone / "Pulumi.dev.yaml"
    write_settings(target, ROOT / "Pulumi.local.yaml", cloud.endpoints)
    settings = yaml.safe_load(target.read_text())
    for key in ("googleProject", "awsAccountId"):
        del settings["config"][key]
    target.write_text(yaml.safe_dump(settings))


def readers_environment(programs: Path, cloud: LocalCloud) -> dict[str, str]:
    """A reader's shell: no pulumi, and in ``programs`` stand-ins for tools that no registry has."""
    programs.mkdir()
    _executable(programs / "gcloud", f"#!/bin/sh\n{_GCLOUD}\n")
    _executable(programs / "bq", _BQ.format(python=sys.executable))
    there = [Path(folder) for folder in os.environ["PATH"].split(os.pathsep)]
    kept = [folder for folder in there if not (folder / "pulumi").exists() and folder != ROOT / ".venv" / "bin"]
    of_cloud = {name: value for name, value in variables(cloud.folder, cloud.endpoints).items() if name != "PATH"}
    return {
        **{name: value for name, value in os.environ.items() if name not in {"VIRTUAL_ENV", "PYTHONPATH"}},
        **of_cloud,
        # The clone's own file: the option would put another one in its place.
        "PULUMI_OPTION_CONFIG_FILE": "",
        # The engine asks nothing where there is no terminal.
        "PULUMI_SKIP_CONFIRMATIONS": "true",
        "PATH": os.pathsep.join(map(str, [programs, *kept])),
    }


def _executable(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def _end(session: int, ended: int) -> None:
    """End what a shell left in the background, and wait for it."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(session, how)
        if select.select([ended], [], [], _GRACE_SECONDS)[0]:
            break
    os.close(ended)
