"""Where `serve` runs, and what must be there first. Standard library only.

A server imports what the extra `server` names. Where all of that is installed next to this package, it runs in this
process; elsewhere in an environment of its own in the cache, so that a user's environment gets no dependency.
"""

from __future__ import annotations

import argparse
import importlib
import os
import re
import sys
from collections.abc import Callable, Collection
from importlib import metadata
from pathlib import Path

from federation_emulator import library
from federation_emulator.core.endpoints import Endpoints
from federation_emulator.servers.environments import LOCAL_AWS, LOCAL_WAREHOUSE, SERVER, Environment, ensure
from federation_emulator.servers.progress import Progress

START_SECONDS = 30.0
"""How long a client waits for a local cloud that is being started."""

FIRST_START_SECONDS = 15 * 60.0
"""The same where environments have to be made."""

STANDALONE = Path(__file__).with_name("standalone.py")
_DISTRIBUTION = "federation-emulator"
_REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)(?:>=|==)([0-9.]+).*extra == ['\"]server['\"]")


def serve(arguments: argparse.Namespace, announce: Callable[[Path, Endpoints], str] | None = None) -> int:
    """Serves until Ctrl-C; see :func:`federation_emulator.servers.serving.run`.

    Raises:
        EngineError: An environment can't be made.
    """
    here = arguments.launched_by is not None or announce is not None or is_complete()
    prepare(environments(arguments.without, here=here))
    if not here:
        python = [str(SERVER.python), "-I", "-u", "-X", "utf8", str(STANDALONE), __package__.partition(".")[0]]
        # In place of this process: what started it waits for its end, and signals it.
        os.execv(python[0], [*python, *sys.argv[1:], "--launched-by", sys.executable])  # noqa: S606 - see above
    library.make_importable()
    # By name: what it imports is not for this module's importers.
    serving = importlib.import_module("federation_emulator.servers.serving")
    return int(serving.run(arguments, announce))


def environments(without: Collection[str] = (), *, here: bool | None = None) -> list[Environment]:
    """The environments that a local cloud runs in, without those of the children named."""
    children = {"aws": LOCAL_AWS, "bigquery": LOCAL_WAREHOUSE}
    server = [] if (is_complete() if here is None else here) else [SERVER]
    return [*server, *(made for name, made in children.items() if name not in without)]


def prepare(needed: list[Environment]) -> None:
    """Make the environments that are not there, and report the progress on standard error.

    Raises:
        EngineError: A package is not available, or is not the one whose hash is locked.
    """
    progress = Progress()
    for environment in needed:
        ensure(environment, progress)


def start_seconds() -> float:
    """How long a start may take, which is longer where environments have to be made first."""
    ready = all(environment.folder.is_dir() for environment in environments())
    return START_SECONDS if ready else FIRST_START_SECONDS


def is_complete() -> bool:
    """Whether what a server imports is installed next to this package, and new enough."""
    try:
        found = [_REQUIREMENT.match(line) for line in metadata.requires(_DISTRIBUTION) or ()]
        return all(_numbers(metadata.version(one[1])) >= _numbers(one[2]) for one in found if one)
    except metadata.PackageNotFoundError:
        return False


def _numbers(version: str) -> list[int]:
    return [int(part) for part in re.findall("[0-9]+", version)]
