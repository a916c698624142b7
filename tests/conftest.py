"""What holds for every test."""

from __future__ import annotations

import os

# gRPC repairs itself in each process forked after its first use, and can abort there. Ours replace themselves at once,
# so there is nothing to repair; it reads this when it is imported.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "false")
