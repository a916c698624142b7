"""`python -m pulumi_offline.engine [environments]`: set-up from the command line. The result goes to standard output."""

from __future__ import annotations

import argparse
import sys

from federation_emulator.servers import environments
from federation_emulator.servers.errors import EngineError
from federation_emulator.servers.progress import Progress
from keyless_bigquery.runtime.printable import one_line
from pulumi_offline.engine import get


def main() -> int:
    """Do what the command line asks.

    Returns:
        0, or 1 after one line that says what failed.
    """
    parser = argparse.ArgumentParser(prog="python -m pulumi_offline.engine", description=__doc__)
    parser.add_argument("what", nargs="?", choices=["engine", "environments"], default="engine")
    what = parser.parse_args().what
    progress = Progress()
    try:
        if what == "engine":
            lines = [str(get.ensure(progress).folder)]
        else:
            lines = [str(environments.ensure(one, progress).python) for one in environments.EVERY]
    except EngineError as error:
        sys.stderr.write(f"{one_line(f'error: {error}')}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("error: interrupted; nothing half-finished is kept, run it again\n")
        return 130
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
