"""Where the Pulumi project is that this process works for. Standard library only."""

from __future__ import annotations

from pathlib import Path

_FILE = "Pulumi.yaml"
_CHECKOUT = Path(__file__).resolve().parent.parent


def project_folder(start: Path | None = None) -> Path:
    """The project's folder: the nearest one with a ``Pulumi.yaml``, as the engine looks for it.

    Args:
        start: Where to begin; ``None``: the working folder.

    Returns:
        That folder; where there is none, the repository that this library is in; where it is installed, ``start``.
    """
    begin = (start or Path.cwd()).resolve()
    for folder in (begin, *begin.parents):
        if (folder / _FILE).is_file():
            return folder
    return _CHECKOUT if (_CHECKOUT / _FILE).is_file() else begin


ROOT = project_folder()
"""The folder of the project that this process works for."""
