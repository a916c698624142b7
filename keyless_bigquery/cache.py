"""Where what is built once is kept: packages of the function, and for the local cloud engine and emulators.

Standard library only, so that set-up can use it before anything is installed. As a program it prints the folder, for
the Makefile.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

CACHE_VARIABLE = "KEYLESS_CACHE"
"""Environment variable that names another cache folder."""


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """The user's cache folder for this project, shared by all clones; it need not exist yet."""
    configured = environment.get(CACHE_VARIABLE)
    if configured:
        return Path(configured).absolute()
    base = environment.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "keyless-bigquery"


if __name__ == "__main__":
    print(cache_folder())
