"""Stand-in: google-cloud-core converts such messages for gRPC clients."""

from __future__ import annotations

from not_shipped import others

__getattr__ = others(__name__)
