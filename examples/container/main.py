"""The function outside Lambda: calls it once with an event, and ends with 0; with 1 and one line if it can't."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path

from keyless_bigquery.runtime.errors import ReaderError
from keyless_bigquery.runtime.loading import load
from keyless_bigquery.runtime.process import PROCESS
from keyless_bigquery.runtime.wrapper import guarded

LIMIT_MILLISECONDS = 60_000
"""How long all of it may take. What Lambda's timeout is to a function, a container must set itself."""


class Context:
    """What the function is given in place of Lambda's context."""

    def __init__(self) -> None:
        self._end = time.monotonic() + LIMIT_MILLISECONDS / 1000

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the time is up."""
        return max(0, int((self._end - time.monotonic()) * 1000))


def main(arguments: list[str] | None = None) -> int:
    """Does it.

    Args:
        arguments: Command line; ``None``: the process's own.

    Returns:
        The exit status.
    """
    parser = argparse.ArgumentParser(description="Call the function once, without a service account key.")
    parser.add_argument("event", nargs="?", type=Path, help="file with the event, as JSON (default: {})")
    parser.add_argument("--boto3", action="store_true", help="ask boto3 for the role's session (EKS IRSA, EC2)")
    parsed = parser.parse_args(arguments)
    event = json.loads(parsed.event.read_text()) if parsed.event else {}
    if parsed.boto3:
        # Imported late: only the image with boto3 in it can, and importing it takes longer than a read.
        from examples.container.boto3_supplier import Boto3Supplier

        PROCESS.supplier = Boto3Supplier()
    try:
        guarded(load(os.environ))(event, Context())
    except ReaderError:
        # It was printed.
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
