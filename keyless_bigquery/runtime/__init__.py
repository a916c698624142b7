"""What ships in the function's package next to the function: credentials, client, time limit, errors, and the wrapper.

A function imports its names from here. They are loaded when they are first asked for: the Pulumi program imports
:mod:`keyless_bigquery.runtime.environment`, and has no BigQuery client.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyless_bigquery.runtime.bigquery_client import BigQueryReader
    from keyless_bigquery.runtime.errors import ParameterError, ReaderError
    from keyless_bigquery.runtime.rows import Rows
    from keyless_bigquery.runtime.wrapper import LambdaContext, with_bigquery

__all__ = ["BigQueryReader", "LambdaContext", "ParameterError", "ReaderError", "Rows", "with_bigquery"]

_MODULES = {
    "BigQueryReader": "bigquery_client",
    "LambdaContext": "wrapper",
    "ParameterError": "errors",
    "ReaderError": "errors",
    "Rows": "rows",
    "with_bigquery": "wrapper",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
