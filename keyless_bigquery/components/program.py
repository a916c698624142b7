"""Where the program meets Pulumi: its settings come in, and its errors go out as plain lines."""

from __future__ import annotations

import atexit
import contextlib
import gc
from collections.abc import Iterator
from pathlib import Path

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env

from keyless_bigquery import packaging as package
from keyless_bigquery.cache import cache_folder
from keyless_bigquery.components.federation import ForeignPoolError
from keyless_bigquery.project import ROOT as ROOT
from keyless_bigquery.settings.settings import Settings, SettingsError
from keyless_bigquery.trust.trust import TrustError

FUNCTION = ROOT / "lambda_src"
"""The function's folder, which is the user's."""

LIBRARY = Path(__file__).resolve().parents[1]
"""The folder of the library that ships next to it."""


@contextlib.contextmanager
def running() -> Iterator[Settings]:
    """The settings of the stack that is being deployed, and what the program needs around it.

    The SDKs are some hundred thousand objects that stay until the end. Python's collector of reference cycles
    would look through them again and again while they are loaded, and once more as the interpreter ends, and there is
    nothing to find: so it is held meanwhile.

    Raises:
        pulumi.RunError: As :func:`plain_errors`.
    """
    gc.disable()
    atexit.register(gc.freeze)
    try:
        with plain_errors():
            yield read_settings()
    finally:
        # Back and forth, what is there by now counts as old, without a look at each object.
        gc.freeze()
        gc.unfreeze()
        gc.enable()


@contextlib.contextmanager
def plain_errors() -> Iterator[None]:
    """Ends the program with the message alone, without a traceback, where the message says all there is to say.

    Raises:
        pulumi.RunError: In place of a :class:`SettingsError`, :class:`keyless_bigquery.packaging.PackageError`,
            :class:`keyless_bigquery.components.federation.ForeignPoolError` or
            :class:`keyless_bigquery.trust.trust.TrustError`.
    """
    try:
        yield
    except (SettingsError, package.PackageError, ForeignPoolError, TrustError) as error:
        raise pulumi.RunError(str(error)) from error


def read_settings() -> Settings:
    """The settings of the stack that is being deployed.

    Raises:
        SettingsError: Some can't be used.
    """
    prefix = f"{pulumi.get_project()}:"
    given = configured()
    secret = frozenset(key for key in given if pulumi.runtime.is_config_secret(f"{prefix}{key}"))
    return Settings.read(given, stack=pulumi.get_stack(), secret=secret)


def configured() -> dict[str, str]:
    """Every value of the stack's config in this project's namespace, known keys and others.

    ``pulumi.Config`` has the value of a key that one knows, and a misspelt key is one that is never asked for. So the
    keys come from where the SDK itself looks: the engine's variable, or what an inline program was given.
    """
    prefix = f"{pulumi.get_project()}:"
    everything = {**get_config_env(), **CONFIG.get()}
    config = pulumi.Config()
    keys = [key.removeprefix(prefix) for key in everything if key.startswith(prefix)]
    return {key: value for key in keys if (value := config.get(key))}


def build_package(settings: Settings, function: Path | None = None) -> Path:
    """The function's package for the stack's runtime and architecture, without the credential configuration.

    Args:
        settings: The stack's.
        function: The function's folder; ``None``: the project's own.

    Raises:
        keyless_bigquery.packaging.PackageError: A wheel or an interpreter can't be had, or what was built is not fit
            for Lambda.
    """
    folder, choice = function or FUNCTION, settings.function_bytecode
    if choice is package.Bytecode.WHERE_AVAILABLE and package.compiler(settings.target, choice) is None:
        pulumi.log.warn(package.absence(settings.target))
    return package.build(
        target=settings.target,
        function=folder,
        library=LIBRARY,
        lock=folder / "requirements.txt",
        cache=package_cache(),
        bytecode=choice,
        contents=settings.function_package,
        handlers=settings.handlers,
        warn=pulumi.log.warn,
    )


def package_cache() -> Path:
    """The folder in which built packages are kept, shared by all clones of the project on this machine."""
    return cache_folder() / "packages"
