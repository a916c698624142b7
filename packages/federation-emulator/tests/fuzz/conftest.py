"""The same chain as for the local cloud's own tests."""

from __future__ import annotations

from tests.emulator.conftest import aws, chain, google, role_keys

__all__ = ["aws", "chain", "google", "role_keys"]
