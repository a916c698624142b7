"""Certificates of key pairs that are made here: as a person uploads them to a service account, and a server's."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
MADE, ENDS = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), datetime(2036, 1, 2, 3, 4, 5, tzinfo=UTC)


def certificate(*, bits: int = 2048, elliptic: bool = False) -> str:
    """A certificate in PEM, in base64; its private key is dropped."""
    key = ec.generate_private_key(ec.SECP256R1()) if elliptic else rsa.generate_private_key(65537, bits)
    return b64encode(_signed(_begun(key), key)).decode()


def server_certificate(address: str) -> bytes:
    """A server's certificate with its private key, in PEM; it is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + _signed(_begun(key).add_extension(names, critical=False), key)


def _begun(key: Key) -> x509.CertificateBuilder:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "unused")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(MADE)
        .not_valid_after(ENDS)
    )


def _signed(begun: x509.CertificateBuilder, key: Key) -> bytes:
    return begun.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
