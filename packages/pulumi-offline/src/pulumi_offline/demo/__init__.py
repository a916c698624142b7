"""``keyless demo``: the whole chain on this machine, with what it allows and what it refuses."""

from __future__ import annotations

from pulumi_offline.demo.scenario import main

__all__ = ["main"]
