"""``make demo``: the whole chain on this machine, with what it allows and what it refuses."""

from __future__ import annotations

from local_cloud.demo.story import main

__all__ = ["main"]
