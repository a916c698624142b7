"""Certificates of key pairs that are made here, as a person uploads them to a service account."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

MADE, ENDS = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), datetime(2036, 1, 2, 3, 4, 5, tzinfo=UTC)


def certificate(*, bits: int = 2048, elliptic: bool = False) -> str:
    """A certificate in PEM, in base64; its private key is dropped."""
    key = ec.generate_private_key(ec.SECP256R1()) if elliptic else rsa.generate_private_key(65537, bits)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "unused")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(MADE)
        .not_valid_after(ENDS)
        .sign(key, hashes.SHA256())
    )
    return b64encode(made.public_bytes(serialization.Encoding.PEM)).decode()
