#!/usr/bin/env python3
"""The policy pack as a program: `pulumi preview --policy-pack` and this file.

For engines whose language host can't start the folder (the one that set-up builds can't). From 3.259 on they take an
executable for a pack, and give it their address. Standard library only.
"""

import os
import sys
from pathlib import Path

PACK = Path(__file__).resolve().parent
_INSTALLED = PACK.parents[2]
_REPOSITORY = _INSTALLED.parents[2]
sys.path[:0] = [str(_INSTALLED), str(_REPOSITORY), str(_REPOSITORY / "packages" / "federation-emulator" / "src")]

from federation_emulator.servers import environments  # noqa: E402 - found only now
from federation_emulator.servers.progress import Progress  # noqa: E402 - as above
from keyless_tools.guardrails.environment import GUARDRAILS  # noqa: E402 - as above

if __name__ == "__main__":
    python = str(environments.ensure(GUARDRAILS, Progress()).python)
    os.execv(python, [python, "-m", "pulumi.policy", *sys.argv[1:2], str(PACK)])  # noqa: S606 - a fixed program
