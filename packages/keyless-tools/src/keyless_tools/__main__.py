"""`python -m keyless_tools`: the command line where its console script is not installed."""

from __future__ import annotations

import sys

from keyless_tools.cli import main

if __name__ == "__main__":
    sys.exit(main())
