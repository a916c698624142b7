"""Writes into files what follows from the declared settings: ``python -m keyless_bigquery.settings FILE...``."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Sequence
from pathlib import Path

from keyless_bigquery.settings.generated import updated


def main(arguments: Sequence[str] | None = None) -> None:
    """Writes the blocks anew."""
    parser = argparse.ArgumentParser(prog="python -m keyless_bigquery.settings", description=__doc__)
    parser.add_argument(
        "--of",
        default="keyless_bigquery.settings.settings",
        metavar="MODULE",
        help="the module whose DECLARED is listed",
    )
    parser.add_argument("file", nargs="+", type=Path, help="a Pulumi.yaml, or a Markdown page")
    chosen = parser.parse_args(arguments)
    settings = importlib.import_module(chosen.of).DECLARED
    for path in chosen.file:
        path.write_text(updated(path, settings))


if __name__ == "__main__":
    main()
