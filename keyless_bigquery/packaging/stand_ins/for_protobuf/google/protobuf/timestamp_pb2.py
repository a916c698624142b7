"""Stand-in: google-api-core and google-cloud-core convert such messages for gRPC clients."""

from __future__ import annotations

from not_shipped import others

__getattr__ = others(__name__)
