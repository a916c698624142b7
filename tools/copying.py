"""Copies what a clone of this repository would hold, with what isn't committed yet."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_SECONDS = 30


def copy_repository(folder: Path, *, without: str = "") -> Path:
    """Copies every file that git keeps, or would keep. Returns the folder.

    Args:
        folder: Where the files go; it is made.
        without: The beginning of paths that are left out; empty: none.
    """
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    found = subprocess.run(listed, cwd=ROOT, capture_output=True, check=True, timeout=_SECONDS).stdout.decode()
    for name in filter(None, found.split("\0")):
        if (ROOT / name).is_file() and not (without and name.startswith(without)):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder
