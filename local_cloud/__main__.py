"""`python -m local_cloud`: serve it, use it, ask it why, move its clock, inject faults, see it all in a demo."""

from __future__ import annotations

import os
import sys

import httpx

from engine.errors import EngineError
from keyless_bigquery.runtime.printable import as_lines, escape_what_stdout_lacks
from local_cloud.commands import COMMANDS, parser
from local_cloud.errors import StateError
from local_cloud.process import ProcessError
from local_cloud.roles import RoleError
from local_cloud.seed.errors import SeedError


def main() -> int:
    """Do what the command line asks.

    Returns:
        The exit code: 0, 1 after a message that says what failed, 130 after Ctrl-C.
    """
    escape_what_stdout_lacks()
    arguments = parser().parse_args()
    try:
        return COMMANDS[arguments.command](arguments)
    except (ProcessError, EngineError, RoleError, SeedError, StateError) as error:
        message = str(error)
    except FileNotFoundError as error:
        message = f"{error.filename} is not there; start the local cloud (`make local-cloud`) or name its --state"
    except httpx.HTTPError as error:
        message = f"the local cloud does not answer ({type(error).__name__}: {error}); is `make local-cloud` running?"
    except KeyboardInterrupt:
        return 130
    sys.stderr.write(f"error: {as_lines(message)}\n")
    return 1


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    sys.exit(main())
