"""The machine that was measured on, and what was measured on it."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

from pulumi_offline.engine.pins import CLI

_COMPARED = ("google-auth", "google-cloud-bigquery", "pulumi", "pulumi-aws", "pulumi-gcp", "requests", "urllib3")
_GIGABYTE = 1024**3


def describe() -> dict[str, str]:
    """Processor, cores, memory, kernel, system and Python."""
    return {
        "processor": _processor(),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / _GIGABYTE:.1f} GiB",
        "kernel": f"{platform.system()} {platform.release()} {platform.machine()}",
        "system": platform.freedesktop_os_release().get("PRETTY_NAME", "unknown"),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
    }


def versions() -> dict[str, str]:
    """The version of the engine, and of each distribution that is compared."""
    return {"pulumi (engine)": str(CLI.version), **{name: version(name) for name in _COMPARED}}


def _processor() -> str:
    """The model's name; some architectures' kernels have none."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
