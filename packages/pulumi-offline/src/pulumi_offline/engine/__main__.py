"""`python -m pulumi_offline.engine`: make the engine ready, and print its folder."""

from __future__ import annotations

import sys

from federation_emulator.servers.errors import EngineError
from federation_emulator.servers.progress import Progress
from keyless_bigquery.runtime.printable import one_line
from pulumi_offline.engine import get


def main() -> int:
    """Make it ready.

    Returns:
        0, or 1 after one line that says what failed.
    """
    try:
        folder = get.ensure(Progress()).folder
    except EngineError as error:
        sys.stderr.write(f"{one_line(f'error: {error}')}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("error: interrupted; nothing half-finished is kept, run it again\n")
        return 130
    sys.stdout.write(f"{folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
