"""Counts the lines of code and of tests, package by package, and names the longest files. Run by ``make lint``."""

from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_MOST_LINES = 300
_SECONDS = 30


def main() -> None:
    """Prints a line for each folder that has code, and one for each file that is too long."""
    listed = subprocess.run(
        ["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=_SECONDS
    )
    counted = {name: len((ROOT / name).read_text().splitlines()) for name in listed.stdout.splitlines()}
    total: Counter[tuple[str, str]] = Counter()
    for name, lines in counted.items():
        parts = Path(name).parts
        place = "/".join(parts[:2]) if parts[0] == "packages" else parts[0]
        total[("tests" if "tests" in parts else "code", "" if place == "tests" else place)] += lines
    for kind in ("code", "tests"):
        found = {place: lines for (of, place), lines in sorted(total.items()) if of == kind}
        shown = ", ".join(f"{place or 'tests'} {lines:,}" for place, lines in found.items())
        print(f"{kind}: {sum(found.values()):,} lines ({shown})")
    for name, lines in counted.items():
        if lines > _MOST_LINES:
            print(f"{name}: {lines} lines, more than {_MOST_LINES}")


if __name__ == "__main__":
    main()
