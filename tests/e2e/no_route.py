"""A command in a network namespace that has loopback and nothing else: whatever tries to leave fails at once."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence

# Brings loopback up with the one ioctl it takes, so that no other program is needed, and becomes the command.
_LOOPBACK_ONLY = """
import fcntl, os, socket, struct, sys
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
    request = struct.pack("16sH14x", b"lo", 0)
    flags = struct.unpack("16sH14x", fcntl.ioctl(control, SIOCGIFFLAGS, request))[1]
    fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | IFF_UP))
os.execvp(sys.argv[1], sys.argv[1:])
"""


def without_route(command: Sequence[str]) -> list[str]:
    """The command as it runs with no route out of the machine."""
    return ["unshare", "--user", "--map-root-user", "--net", sys.executable, "-c", _LOOPBACK_ONLY, *command]


def is_possible() -> bool:
    """Whether this host lets one make such a namespace."""
    if shutil.which("unshare") is None:
        return False
    return subprocess.run(without_route(["true"]), capture_output=True, timeout=20, check=False).returncode == 0
