"""The policy pack's own virtual environment: the SDK of policy packs takes no protobuf as new as the program's."""

from __future__ import annotations

from pathlib import Path

from federation_emulator.servers.environments import Environment

GUARDRAILS = Environment(name="guardrails", lock=Path(__file__).parent / "pack" / "requirements.txt")
