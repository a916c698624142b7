"""Finds the function that the package was made for."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping

from keyless_bigquery.runtime.environment import HANDLER, handler
from keyless_bigquery.runtime.errors import FunctionError, ReaderError


def load(environ: Mapping[str, str]) -> Callable[..., object]:
    """The function that the environment names, loaded.

    Returns:
        The function. In place of one that can't be loaded, one that loads it again for each call, and raises a
        :class:`ReaderError`: the start of a process is not the place to fail, since Lambda only starts it again, and
        the chain can still be probed.
    """
    try:
        return _found(handler(environ))
    except ReaderError:
        return lambda event, context: _found(handler(environ))(event, context)


def _found(name: str) -> Callable[..., object]:
    module, _, attribute = name.rpartition(".")
    file = f"{module.replace('.', '/')}.py"
    try:
        found = getattr(importlib.import_module(module), attribute, None)
    except Exception as error:
        from keyless_bigquery.runtime.diagnosis import UNKNOWN_PLACE, places

        where = "" if (place := places(error)) == UNKNOWN_PLACE else f" (at {place})"
        raise FunctionError(
            f"{name} can't be imported: {type(error).__name__}: {error}{where}",
            f"{file} and what it imports",
        ) from error
    if not callable(found):
        raise FunctionError(
            f"the package has no function {name}", f"{file}, which must define {attribute}(event, ...), and {HANDLER}"
        )
    function: Callable[..., object] = found
    try:
        inspect.signature(function).bind("event", "context")
    except ValueError:
        pass  # a callable that has no signature; Python then says itself what is wrong with a call
    except TypeError as error:
        raise FunctionError(
            f"{name}{inspect.signature(function)} can't be called with two values: {error}",
            "its parameters: an event and Lambda's context, or below @with_bigquery an event and a reader",
        ) from error
    return function
