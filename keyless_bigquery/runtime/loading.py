"""Finds the function that the package was made for."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import NoReturn

from keyless_bigquery.runtime.environment import DEFAULT_HANDLER, HANDLER
from keyless_bigquery.runtime.errors import ConfigurationError, Diagnosis, Link


def load(environ: Mapping[str, str]) -> Callable[..., object]:
    """The function that the environment names, loaded.

    Args:
        environ: The process's variables.

    Returns:
        The function. One that can't be loaded is replaced by one that raises the reason when it is called: the start of
        a process is not the place to fail, since Lambda only starts it again, and the chain can still be probed.
    """
    name = environ.get(HANDLER) or DEFAULT_HANDLER
    module, _, attribute = name.rpartition(".")
    try:
        found = getattr(importlib.import_module(module), attribute, None)
    except Exception as error:  # noqa: BLE001 - whatever it is, the first invocation raises it
        return _raising(error)
    if not callable(found):
        return _raising(
            ConfigurationError(
                Diagnosis(
                    link=Link.CONFIGURATION,
                    what=f"the package has no function {name!r}",
                    look_at=f"{module.replace('.', '/')}.py, which must define {attribute}(event, ...), and {HANDLER}",
                )
            )
        )
    function: Callable[..., object] = found
    return function


def _raising(error: Exception) -> Callable[..., object]:
    def handler(*_: object) -> NoReturn:
        raise error

    return handler
