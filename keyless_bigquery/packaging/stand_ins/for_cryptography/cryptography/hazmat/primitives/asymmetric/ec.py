"""Stand-in: the kinds of key that google-auth tells apart. Nothing is one."""

from __future__ import annotations

from not_shipped import NotShipped, others


class EllipticCurve(metaclass=NotShipped):
    """No curve is one."""


class EllipticCurvePrivateKey(metaclass=NotShipped):
    """No key is one."""


class EllipticCurvePublicKey(metaclass=NotShipped):
    """No key is one."""


__getattr__ = others(__name__)
