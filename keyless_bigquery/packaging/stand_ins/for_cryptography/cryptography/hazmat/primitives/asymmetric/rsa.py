"""Stand-in: the kinds of key that google-auth tells apart. Nothing is one."""

from __future__ import annotations

from not_shipped import NotShipped, others


class RSAPrivateKey(metaclass=NotShipped):
    """No key is one."""


class RSAPublicKey(metaclass=NotShipped):
    """No key is one."""


__getattr__ = others(__name__)
