"""Puts the modules of keyless_bigquery that the emulator needs into its wheel: that package is on no index."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_CARRIED = "federation_emulator/_library/keyless_bigquery"
_NEEDED = ("__init__.py", "cache.py", "command_line.py", "runtime/__init__.py", "runtime/printable.py",
           "runtime/signature.py", "trust/*.py")  # fmt: skip


class CustomBuildHook(BuildHookInterface[Any]):
    """Called by hatchling for each wheel and source distribution."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name the files to add. An editable installation has them in the repository.

        Raises:
            FileNotFoundError: The modules are neither in the repository around this folder nor in this folder.
        """
        if version == "editable":
            return
        # In a source distribution they are where that one's build has put them.
        if (Path(self.root) / "src" / _CARRIED).is_dir():
            return
        library = Path(self.root).parents[1] / "keyless_bigquery"
        files = sorted(file for needed in _NEEDED for file in library.glob(needed))
        if not files:
            raise FileNotFoundError(
                f"{library} is not there; build from a clone of the whole repository, or from a source distribution"
            )
        below = f"src/{_CARRIED}" if self.target_name == "sdist" else _CARRIED
        build_data["force_include"] = {str(file): f"{below}/{file.relative_to(library)}" for file in files}
