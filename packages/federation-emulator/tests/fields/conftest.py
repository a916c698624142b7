"""A Google for all tests of this folder."""

from __future__ import annotations

from tests.emulator.services.bigquery.conftest import enabled

__all__ = ["enabled"]
