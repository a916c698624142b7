"""The versions that this project is made for, read from the files that pin them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from federation_emulator.servers.errors import EngineError
from keyless_bigquery.project import ROOT as ROOT

_MODULES = Path(__file__).with_name("go")


def project_name() -> str:
    """The project's name, and so the namespace of its config keys; `pulumi new` gives each copy another.

    Raises:
        EngineError: when Pulumi.yaml has none.
    """
    match = re.search(r"^name:\s*[\"']?([\w.-]+)", (ROOT / "Pulumi.yaml").read_text(), re.MULTILINE | re.ASCII)
    if match is None:
        raise EngineError(f"{ROOT / 'Pulumi.yaml'} has no line `name: …`")
    return match[1]


_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)", re.ASCII)


@dataclass(frozen=True, kw_only=True, order=True)
class Version:
    """A released version; what follows the three numbers is ignored."""

    major: int
    minor: int
    patch: int

    @classmethod
    def parse(cls, text: str) -> Version:
        """Read `v3.259.0` or `3.259.0`.

        Raises:
            ValueError: when the text does not begin with a version.
        """
        match = _VERSION.match(text.strip())
        if match is None:
            raise ValueError(f"{text.strip()!r} is not a version like v3.259.0")
        return cls(major=int(match[1]), minor=int(match[2]), patch=int(match[3]))

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


@dataclass(frozen=True, kw_only=True)
class GoModule:
    """A Go module, in a folder, that pins one program: its name, its import path, and the module that holds that.

    ``source`` is a file in the folder of which it is built, where it is ours.
    """

    name: str
    folder: Path
    package: str
    requires: str
    source: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    @property
    def version(self) -> Version:
        """The version that go.mod pins.

        Raises:
            EngineError: when go.mod does not require the module.
        """
        text = (self.folder / "go.mod").read_text()
        match = re.search(rf"^(?:require\s+|\s+){re.escape(self.requires)} (v\S+)", text, re.MULTILINE | re.ASCII)
        if match is None:
            raise EngineError(f"{self.folder / 'go.mod'} does not require {self.requires}; run `go mod tidy` there")
        return Version.parse(match[1])

    @property
    def sums(self) -> bytes:
        """Everything that decides what is built."""
        files = ["go.mod", "go.sum", *([self.source] if self.source else [])]
        return b"".join((self.folder / name).read_bytes() for name in files)


CLI = GoModule(
    name="pulumi",
    folder=_MODULES / "engine",
    package="github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    requires="github.com/pulumi/pulumi/pkg/v3",
)
LANGUAGE_HOST = GoModule(
    name="pulumi-language-python",
    folder=_MODULES / "language-python",
    package="github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python",
    requires="github.com/pulumi/pulumi/sdk/v3",
)
YAML_HOST = GoModule(
    name="pulumi-language-yaml",
    folder=_MODULES / "language-yaml",
    package="github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml",
    requires="github.com/pulumi/pulumi-yaml",
)
"""Part of the official release; where the engine is built, only what runs a program in YAML builds it."""

NODEJS_HOST = GoModule(
    name="pulumi-language-nodejs",
    folder=_MODULES / "language-nodejs",
    package="github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
    requires="github.com/pulumi/pulumi/sdk/v3",
)
"""Likewise for a program in TypeScript. It is as old as the Python host, and for the same reason."""

NODEJS_SDK = GoModule(
    name="pulumi-nodejs-sdk",
    folder=_MODULES / "engine",
    package="./nodejs-sdk",
    requires="github.com/pulumi/pulumi/pkg/v3",
    source="nodejs-sdk/main.go",
)
"""Ours: writes a package's SDK for Node with the engine's own generator, which that host is too old to have."""
