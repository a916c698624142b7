"""Runs a module of this package with a Python that does not have it: ``python -I standalone.py MODULE ARGUMENTS…``.

Of the environment in which the package is installed nothing else can be imported. Needs nothing but the standard
library.
"""

from __future__ import annotations

import importlib.util
import runpy
import sys
from pathlib import Path


def main() -> None:
    """Load the package from its folder, and run the module as the main program."""
    folder = Path(__file__).resolve().parents[1]
    spec = importlib.util.spec_from_file_location(folder.name, folder / "__init__.py")
    if spec is None or spec.loader is None:
        raise ImportError(f"{folder} holds no package")
    package = sys.modules[folder.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(package)
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
