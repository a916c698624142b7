#!/usr/bin/env python3
"""The policy pack as a program: `pulumi preview --policy-pack packages/keyless-tools/src/keyless_tools/guardrails/pack/analyzer.py`.

For engines whose language host can't start the folder (the one that set-up builds can't). From 3.259 on they take an
executable for a pack, and give it their address. Standard library only.
"""

import os
import sys
from pathlib import Path

PACK = Path(__file__).resolve().parent
sys.path.insert(0, str(PACK.parents[1]))

from federation_emulator.servers import environments  # noqa: E402 - found only now
from federation_emulator.servers.progress import Progress  # noqa: E402 - as above

if __name__ == "__main__":
    python = str(environments.ensure(environments.GUARDRAILS, Progress()).python)
    os.execv(python, [python, "-m", "pulumi.policy", *sys.argv[1:2], str(PACK)])  # noqa: S606 - a fixed program
