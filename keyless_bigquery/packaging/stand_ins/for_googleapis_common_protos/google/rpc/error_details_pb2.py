"""Stand-in: google-api-core takes such details out of errors of gRPC. Those of REST are JSON."""

from __future__ import annotations

from not_shipped import others

__getattr__ = others(__name__)
