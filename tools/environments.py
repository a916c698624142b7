"""Makes the virtual environments of the emulator's servers and of the policy pack. Run by ``tools/set_up.py``."""

from __future__ import annotations

import sys

from federation_emulator.servers.environments import LOCAL_AWS, LOCAL_WAREHOUSE, ensure
from federation_emulator.servers.errors import EngineError
from federation_emulator.servers.progress import Progress
from keyless_bigquery.runtime.printable import as_lines
from keyless_tools.guardrails.environment import GUARDRAILS


def main() -> int:
    """Makes each that is missing; the exit code says whether they are all there."""
    progress = Progress()
    try:
        for environment in (LOCAL_AWS, LOCAL_WAREHOUSE, GUARDRAILS):
            ensure(environment, progress)
    except EngineError as error:
        sys.stderr.write(f"error: {as_lines(error)}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
