"""Makes the identities of one environment's workflows. `pulumi -C bootstrap up` starts it."""

import sys
from pathlib import Path

# The engine starts this file in its own folder, and what it imports is the project's, one folder up.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bootstrap.program import main

main()
