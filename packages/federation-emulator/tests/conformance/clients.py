"""The clients of the conformance table: how each is made from its pins, and what its program needs.

What is downloaded or built is kept in the cache folder.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path

from federation_emulator.servers.cache import build_once, digest
from federation_emulator.servers.environments import Environment, ensure
from federation_emulator.servers.progress import Progress
from keyless_bigquery.cache import cache_folder

HERE = Path(__file__).parent
_BUILD_SECONDS = 500
_QUERY = "google-cloud-bigquery"


@dataclass(frozen=True, kw_only=True)
class Client:
    """One row of the table.

    Attributes:
        language: Its language.
        versions: Its packages and their versions.
        options: What the program for BigQuery says besides its documentation; empty: nothing.
        tools: Programs without which it can't be tried.
        make: Makes it; returns the command, which takes what to do.
        modes: The command's argument for a token, and for a query.
        https_only: The error with which it refuses a token URL over http.
        fast: Whether `make test` tries it.
    """

    language: str
    versions: Mapping[str, str]
    make: Callable[[], Sequence[str]]
    options: str = ""
    tools: Sequence[str] = ()
    modes: tuple[str, str] = ("token", "query")
    https_only: str = ""
    fast: bool = False

    @property
    def name(self) -> str:
        """The versions in one line."""
        return ", ".join(f"{package} {number}" for package, number in self.versions.items())

    def missing(self) -> list[str]:
        """The tools that are not on this machine."""
        return [tool for tool in self.tools if shutil.which(tool) is None]


def clients() -> list[Client]:
    """Every row, the order that of the table."""
    return [
        Client(
            language="Python", fast=True,
            versions={name: version(name) for name in ("google-auth", _QUERY)},
            make=lambda: [sys.executable, str(HERE / "python/main.py")],
        ),
        Client(
            language="Python", make=_older_python,
            versions=_pinned("python/oldest.in", r"^(google-[a-z-]+)==(\S+)"),
        ),
        *(
            Client(
                language="Node", fast=folder == "10", tools=("node", "npm"),
                versions=_pinned(f"node/{folder}/package.json", r'"(@?google[a-z/-]+)": "(\S+)"'),
                make=partial(_node, HERE / "node" / folder),
            )
            for folder in ("10", "9")
        ),
        *(
            Client(
                language="Go", tools=("go",), modes=modes, make=_go,
                options='`option.WithEndpoint(os.Getenv("LOCAL_GOOGLE_URL"))`',
                versions=_pinned("go/go.mod", rf"^\t({package}|cloud.google.com/go/bigquery) v(\S+)$"),
            )
            for package, modes in (
                ("cloud.google.com/go/auth", ("token", "query")),
                ("golang.org/x/oauth2", ("oauth2-token", "oauth2-query")),
            )
        ),
        *(
            Client(
                language="Java", tools=("java", "javac", "mvn"),
                options='`setHost(System.getenv("LOCAL_GOOGLE_URL"))`',
                https_only="The provided token URL is invalid.",
                versions=_pinned(f"java/{folder}/pom.xml", r"<artifactId>(google-\S+)</artifactId>\s*<version>(\S+)<"),
                make=partial(_java, HERE / "java" / folder / "pom.xml"),
            )
            for folder in ("newest", "oldest")
        ),
    ]  # fmt: skip


def _pinned(file: str, pattern: str) -> dict[str, str]:
    found = re.findall(pattern, (HERE / file).read_text(), re.MULTILINE | re.ASCII)
    assert len(found) == 2, (file, found)
    return dict(sorted(found, key=lambda pin: "bigquery" in pin[0]))


def _older_python() -> list[str]:
    environment = Environment(name="oldest-clients", lock=HERE / "python/oldest.txt")
    return [str(ensure(environment, Progress()).python), str(HERE / "python/main.py")]


def _node(folder: Path) -> list[str]:
    files = [folder / "package.json", folder / "package-lock.json", HERE / "node/main.js"]

    def build(made: Path) -> None:
        _copy(files, made)
        _run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", folder=made)

    return ["node", str(_built("node", files, build) / "main.js")]


def _go() -> list[str]:
    files = [HERE / "go" / name for name in ("go.mod", "go.sum", "main.go")]

    def build(made: Path) -> None:
        _copy(files, made)
        _run("go", "build", "-mod=readonly", "-o", "main", ".", folder=made)

    return [str(_built("go", files, build) / "main")]


def _java(pom: Path) -> list[str]:
    files = [pom, *sorted((HERE / "java").glob("*.java"))]

    def build(made: Path) -> None:
        _copy(files, made)
        _run("mvn", "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=lib", folder=made)
        _run("javac", "-cp", "lib/*", *(file.name for file in files[1:]), folder=made)

    folder = _built("java", files, build)
    return ["java", "-cp", f"{folder}:{folder}/lib/*", "Main"]


def _built(language: str, files: Sequence[Path], build: Callable[[Path], None]) -> Path:
    key = digest(*(file.read_bytes() for file in files))
    return build_once(cache_folder() / "conformance" / f"{language}-{key}", build, waiting=lambda: None)


def _copy(files: Sequence[Path], folder: Path) -> None:
    for file in files:
        shutil.copy(file, folder)


def _run(*command: str, folder: Path) -> None:
    found = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_BUILD_SECONDS, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
