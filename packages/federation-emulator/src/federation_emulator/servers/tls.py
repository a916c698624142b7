"""Certificates for the local Google over https: an authority of its own for each run, good for this machine alone.

Some clients take no other token URL than https (Google's for Java: "The provided token URL is invalid."). A client that
trusts the authority trusts as little as possible: it is limited to loopback names by its name constraints (RFC 5280,
4.2.1.10), signs no other authority, ends in a month, and its key is dropped before the server answers its first
request. No key is ever in a file.
"""

from __future__ import annotations

import os
import ssl
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from federation_emulator.client.languages import AUTHORITY, BUNDLE, TRUST_STORE

LIFETIME = timedelta(days=30)
"""How long certificates are valid, and so the longest run over https."""

_CLOCKS_APART = timedelta(hours=1)
_NAME = "localhost"
_ADDRESSES = ("127.0.0.1", "::1")
_SIGNS_NOTHING = x509.BasicConstraints(ca=False, path_length=None)
_SIGNS_SERVERS = x509.BasicConstraints(ca=True, path_length=0)


@dataclass(frozen=True, kw_only=True)
class Certificates:
    """What a server needs, and what its clients trust.

    Attributes:
        authority: The authority's certificate, PEM.
        server: The server's certificate, PEM.
        key: The server's private key, PEM.
    """

    authority: bytes
    server: bytes
    key: bytes = field(repr=False)


def make_certificates(now: datetime) -> Certificates:
    """Make an authority and a server's certificate signed by it; the authority's key is dropped."""
    authority_key, server_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    loopback = [x509.DNSName(_NAME), *(x509.IPAddress(ip_network(address)) for address in _ADDRESSES)]
    issuer = _named("local Google's certificate authority")
    authority = _signed(
        now, issuer, issuer, authority_key, authority_key,
        [
            (_SIGNS_SERVERS, True),
            (_usage(signs=True), True),
            (x509.NameConstraints(permitted_subtrees=loopback, excluded_subtrees=None), True),
        ],
    )  # fmt: skip
    names = [x509.DNSName(_NAME), *(x509.IPAddress(ip_address(address)) for address in _ADDRESSES)]
    server = _signed(
        now, _named(_NAME), issuer, server_key, authority_key,
        [
            (_SIGNS_NOTHING, True),
            (_usage(signs=False), True),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
            (x509.SubjectAlternativeName(names), False),
        ],
    )  # fmt: skip
    return Certificates(
        authority=authority.public_bytes(Encoding.PEM),
        server=server.public_bytes(Encoding.PEM),
        key=server_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )


def write_trust(folder: Path, certificates: Certificates) -> Path:
    """Write what clients need to trust the authority besides what this machine trusts; no private key is in it.

    Returns:
        The authority's certificate; the other files of :mod:`federation_emulator.client.languages` are next to it.
    """
    authority = x509.load_pem_x509_certificate(certificates.authority)
    with warnings.catch_warnings():
        # The form of some public authorities is outdated; that is not ours to judge.
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        known = [x509.load_der_x509_certificate(each) for each in _known()]
    # Without those of earlier runs, which the shell that starts this one may trust.
    trusted = [authority, *(each for each in known if each.subject != authority.subject)]
    store = pkcs12.serialize_java_truststore(
        [pkcs12.PKCS12Certificate(each, str(number).encode()) for number, each in enumerate(trusted)], NoEncryption()
    )
    for name, content in (
        (TRUST_STORE, store),
        (BUNDLE, b"".join(each.public_bytes(Encoding.PEM) for each in trusted)),
        (AUTHORITY, certificates.authority),
    ):
        (folder / name).write_bytes(content)
    return folder / AUTHORITY


def server_context(certificates: Certificates) -> ssl.SSLContext:
    """A server's side of TLS 1.2 and 1.3 with this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    # OpenSSL reads a key from a file only: this one is memory.
    memory = os.memfd_create("server-key")
    try:
        with open(memory, "wb", closefd=False) as file:
            file.write(certificates.server + certificates.key)
        context.load_cert_chain(f"/proc/self/fd/{memory}")
    finally:
        os.close(memory)
    return context


def _known() -> list[bytes]:
    """The authorities that this machine trusts, as DER."""
    return ssl.create_default_context().get_ca_certs(binary_form=True)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _usage(*, signs: bool) -> x509.KeyUsage:
    others = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "crl_sign")
    return x509.KeyUsage(
        digital_signature=not signs, key_cert_sign=signs, encipher_only=False, decipher_only=False,
        **dict.fromkeys(others, False),
    )  # fmt: skip


def _signed(
    now: datetime,
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    extensions: Sequence[tuple[x509.ExtensionType, bool]],
) -> x509.Certificate:
    """Sign a certificate; each extension comes with whether it is critical."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCKS_APART)
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(signer, hashes.SHA256())
