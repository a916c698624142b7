"""Stand-in: there are no protocol messages here; BigQuery's REST API speaks JSON."""

from __future__ import annotations

from not_shipped import others

__getattr__ = others(__name__)
