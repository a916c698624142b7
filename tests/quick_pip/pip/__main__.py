"""Answers the language host's question to pip, before each command of the engine, in a fifth of pip's time.

Everything else is the real pip's: this folder is taken off the path, and pip started again.
"""

from __future__ import annotations

import json
import runpy
import sys
from importlib.metadata import distributions
from pathlib import Path

if sys.argv[1:] == ["list", "-v", "--format", "json"]:
    found = [
        {"name": one.name, "version": one.version, "location": str(one.locate_file("")), "installer": "pip"}
        for one in distributions()
    ]
    json.dump(found, sys.stdout)
else:
    sys.path[:] = [place for place in sys.path if Path(place) != Path(__file__).parents[1]]
    sys.modules.pop("pip", None)
    runpy.run_module("pip", run_name="__main__", alter_sys=True)
