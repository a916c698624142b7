"""Where the program meets Pulumi: its settings come in, and its errors go out as plain lines."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pulumi

from infra import package
from infra.cache import cache_folder
from infra.settings import KEYS, Settings, SettingsError

ROOT = Path(__file__).resolve().parent.parent
"""The project's folder."""


@contextlib.contextmanager
def plain_errors() -> Iterator[None]:
    """Ends the program with the message alone, without a traceback, where the message says all there is to say.

    Raises:
        pulumi.RunError: In place of a :class:`SettingsError` or a :class:`infra.package.PackageError`.
    """
    try:
        yield
    except (SettingsError, package.PackageError) as error:
        raise pulumi.RunError(str(error)) from error


def read_settings() -> Settings:
    """The settings of the stack that is being deployed.

    Raises:
        SettingsError: Some can't be used.
    """
    config = pulumi.Config()
    configured = {key: value for key in KEYS if (value := config.get(key))}
    return Settings.read(configured, stack=pulumi.get_stack())


def build_package(settings: Settings) -> Path:
    """The function's package for the stack's runtime and architecture, without the credential configuration.

    Raises:
        infra.package.PackageError: A wheel can't be had, or what was built is not fit for Lambda.
    """
    source = ROOT / "lambda_src"
    return package.build(target=settings.target, source=source, lock=source / "requirements.txt", cache=package_cache())


def package_cache() -> Path:
    """The folder in which built packages are kept, shared by all clones of the project on this machine."""
    return cache_folder() / "packages"
