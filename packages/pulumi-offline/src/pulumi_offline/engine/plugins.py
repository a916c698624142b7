"""Which plugin serves each provider: an official one that is installed, or this project's stand-in.

Official plugins are only read and run, never written: what lies in a plugin folder belongs to its owner. What the
engine starts is a launcher of ours (`pulumi_offline/engine/workspace.py`), in a folder that no official plugin has.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from federation_emulator.servers.errors import EngineError
from keyless_bigquery.cache import cache_folder
from pulumi_offline.engine import plugin_check
from pulumi_offline.engine.pins import Version

VARIABLE = "KEYLESS_PLUGINS"
"""Environment variable that names the mode; `--plugins` of a command sets it."""

OURS = "+keyless"
"""What the version of a launcher's folder ends with, so that it never has the name of an official plugin's folder.

The engine compares versions as semver does, without build metadata, and takes the last by name where several are
equal: the launcher goes before an official plugin in the same home (pulumi/pulumi,
sdk/go/common/workspace/plugins.go, SelectCompatiblePlugin).
"""


class Mode(StrEnum):
    """Which plugins to use."""

    AUTO = "auto"
    OFFICIAL = "official"
    STAND_IN = "stand-in"

    @classmethod
    def of(cls, environment: Mapping[str, str] = os.environ) -> Mode:
        """The mode that the environment names; `auto` where it names none.

        Raises:
            EngineError: It names another.
        """
        value = environment.get(VARIABLE) or cls.AUTO
        try:
            return cls(value)
        except ValueError as error:
            raise EngineError(f"{VARIABLE} is {value!r}; it must be one of {', '.join(cls)}") from error


@dataclass(frozen=True, kw_only=True)
class Installed:
    """An official plugin that was found; whether it runs is not known yet.

    Args:
        executable: What the engine would start.
        version: Its version; None on PATH, where no folder names it.
    """

    executable: Path
    version: str | None


@dataclass(frozen=True, kw_only=True)
class Plugin:
    """The plugin that serves one provider.

    Args:
        name: The provider, for example `gcp`.
        expected: The version that the provider's SDK asks for.
        official: The official plugin; None: this project's stand-in.
        rejected: Why each official plugin that was found can't be used.
    """

    name: str
    expected: str
    official: Installed | None = None
    rejected: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.official is None:
            return f"{self.name} stand-in"
        return f"{self.name} official {self.official.version or '(unknown version)'} ({self.official.executable})"

    @property
    def warnings(self) -> Iterator[str]:
        """What a user has to know besides."""
        yield from self.rejected
        if self.official is not None and self.official.version != self.expected:
            yield (
                f"the {self.name} plugin in use is {self.official.version or 'of unknown version'}, and its SDK asks "
                f"for {self.expected}; the right one: pulumi plugin install resource {self.name} {self.expected}"
            )


def report(chosen: Sequence[Plugin]) -> list[str]:
    """One line that names the plugin of each provider, then a line for each warning."""
    line = f"plugins: {', '.join(map(str, chosen))}"
    return [line, *(f"warning: {warning}" for plugin in chosen for warning in plugin.warnings)]


def choose(mode: Mode, expected: Mapping[str, str], *, homes: Sequence[Path], path: str) -> tuple[Plugin, ...]:
    """The plugin of each provider. Looks at this machine only.

    Args:
        mode: Which plugins to use.
        expected: The version that the SDK asks for, by the provider's name.
        homes: Folders such as `~/.pulumi`, the first one first.
        path: Where executables are looked for, as `PATH` has it.

    Raises:
        EngineError: The mode is `official`, and an official plugin is missing or doesn't run.
    """
    if mode is Mode.STAND_IN:
        return tuple(Plugin(name=name, expected=version) for name, version in expected.items())
    chosen = tuple(_official(name, version, homes, path) for name, version in expected.items())
    missing = [plugin for plugin in chosen if plugin.official is None]
    if mode is Mode.OFFICIAL and missing:
        raise EngineError(_none(missing, homes))
    return chosen


def user_homes(environment: Mapping[str, str] = os.environ) -> tuple[Path, ...]:
    """Where official plugins are, besides a workspace: the user's own home, and what this project downloaded."""
    own = environment.get("PULUMI_HOME")
    return Path(own) if own else Path.home() / ".pulumi", download_home()


def download_home() -> Path:
    """The home into which this project downloads official plugins, shared by all clones."""
    return cache_folder() / "official-plugins"


def found(name: str, expected: str, *, homes: Sequence[Path], path: str) -> Iterator[Installed]:
    """Every official plugin of a provider, the best first.

    As for the engine, PATH goes before what is installed (pulumi/pulumi, sdk/go/common/workspace/plugins.go,
    getPluginInfoAndPath). Of what is installed, the version that the SDK asks for goes first, then the newest.
    """
    ambient = shutil.which(f"pulumi-resource-{name}", path=path)
    if ambient is not None:
        yield Installed(executable=Path(ambient), version=None)
    installed = [plugin for home in homes for plugin in _in_home(name, home)]
    yield from sorted(installed, key=lambda plugin: (plugin.version == expected, _order(plugin)), reverse=True)


def _official(name: str, expected: str, homes: Sequence[Path], path: str) -> Plugin:
    rejected: list[str] = []
    for plugin in found(name, expected, homes=homes, path=path):
        why_not = plugin_check.why_not(plugin.executable)
        if why_not is None:
            version = plugin.version or plugin_check.version(plugin.executable)
            official = Installed(executable=plugin.executable, version=version)
            return Plugin(name=name, expected=expected, official=official, rejected=tuple(rejected))
        rejected.append(f"the official {name} plugin {plugin.executable} {why_not}")
    return Plugin(name=name, expected=expected, rejected=tuple(rejected))


def _in_home(name: str, home: Path) -> Iterator[Installed]:
    prefix = f"resource-{name}-v"
    for folder in sorted((home / "plugins").glob(f"{prefix}*")):
        version = folder.name.removeprefix(prefix)
        # A plugin that is being installed, or whose installation was cut off, has a file next to it.
        partial = folder.with_name(f"{folder.name}.partial").exists()
        if folder.is_dir() and _VERSION.fullmatch(version) and not partial:
            yield Installed(executable=folder / f"pulumi-resource-{name}", version=version)


_VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?", re.ASCII)


def _order(plugin: Installed) -> tuple[Version, bool]:
    """Releases by number, each after its own pre-releases."""
    version = plugin.version or "0.0.0"
    return Version.parse(version), "-" not in version


def _none(missing: Sequence[Plugin], homes: Sequence[Path]) -> str:
    """The message of a machine that lacks official plugins."""
    rejected = [reason for plugin in missing for reason in plugin.rejected]
    install = " && ".join(f"pulumi plugin install resource {plugin.name} {plugin.expected}" for plugin in missing)
    return (
        f"{VARIABLE} is {Mode.OFFICIAL}, and no official plugin runs here for {', '.join(p.name for p in missing)}; "
        f"looked on PATH and in {', '.join(str(home / 'plugins') for home in homes)}. "
        + "".join(f"{reason}. " for reason in rejected)
        + f"Install them: {install}; or use {VARIABLE}={Mode.AUTO}"
    )
