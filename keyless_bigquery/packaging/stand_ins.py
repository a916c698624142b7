"""Modules of ours that ship under the names of packages that don't, so that what imports these can be imported.

Each has exactly the names that Google's clients, google-auth and requests take from it when they are imported
themselves. Whatever else is used of it is refused by ``not_shipped.py``, which ships with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

_SHARED = Path(__file__).with_name("not_shipped.py")

SHARED = _SHARED.name
"""What all of them import."""

_MODULE = """\
from not_shipped import NotShipped, others, refuse
{names}
__getattr__ = others(__name__)
"""


def _class(name: str, *, of: str = "metaclass=NotShipped") -> str:
    """A class that nothing is an instance of; with another base one that does nothing."""
    return f"\n\nclass {name}({of}):\n    pass\n"


def _refusing(name: str) -> str:
    return f'\n\ndef {name}(*_, **__):\n    refuse(f"{{__name__}}.{name}")\n'


MODULES: Mapping[str, Mapping[str, str]] = {
    # Google's APIs name the encoding. Where a server doesn't, requests takes the text for UTF-8, and JSON always is.
    "charset-normalizer": {
        # A version that requests takes without a warning.
        "charset_normalizer.py": '\n__version__ = "3.0.0"\n'
        "\n\ndef detect(_):\n"
        '    return {"encoding": None, "language": "", "confidence": None}\n'
    },
    # google-auth distinguishes kinds of key, makes a hash, a padding and a back end when it is imported, and hands them
    # on when it signs or verifies. No key is read, nothing is signed, and no signature is found good.
    "cryptography": {
        "cryptography/__init__.py": "",
        "cryptography/exceptions.py": _class("InvalidSignature", of="Exception"),
        "cryptography/x509.py": "",
        "cryptography/hazmat/__init__.py": "",
        "cryptography/hazmat/backends.py": "\n\ndef default_backend():\n    pass\n",
        "cryptography/hazmat/primitives/__init__.py": "",
        "cryptography/hazmat/primitives/hashes.py": _class("HashAlgorithm", of="")
        + _class("SHA256", of="HashAlgorithm"),
        "cryptography/hazmat/primitives/serialization.py": "",
        "cryptography/hazmat/primitives/asymmetric/__init__.py": "",
        "cryptography/hazmat/primitives/asymmetric/ec.py": _class("EllipticCurve")
        + _class("EllipticCurvePrivateKey")
        + _class("EllipticCurvePublicKey"),
        "cryptography/hazmat/primitives/asymmetric/padding.py": _class("PKCS1v15", of=""),
        "cryptography/hazmat/primitives/asymmetric/rsa.py": _class("RSAPrivateKey") + _class("RSAPublicKey"),
        "cryptography/hazmat/primitives/asymmetric/utils.py": _refusing("decode_dss_signature")
        + _refusing("encode_dss_signature"),
    },
    # No file is uploaded, such as a load job's.
    "google-resumable-media": {
        "google/resumable_media/__init__.py": _class("InvalidResponse", of="Exception"),
        "google/resumable_media/requests.py": _class("MultipartUpload") + _class("ResumableUpload"),
    },
    # google-api-core takes such details out of errors of gRPC. Those of REST are JSON.
    "googleapis-common-protos": {"google/rpc/error_details_pb2.py": ""},
    # Hosts whose names are not ASCII are not asked. Those of Google's APIs and of AWS are ASCII.
    "idna": {"idna.py": _class("IDNAError", of="UnicodeError") + _refusing("encode")},
    # google-api-core and google-cloud-core convert such messages for gRPC clients.
    "protobuf": {
        "google/protobuf/__init__.py": "",
        "google/protobuf/duration_pb2.py": "",
        "google/protobuf/timestamp_pb2.py": "",
    },
}
"""For each package, what its modules define, by their place in the zip."""


def stand_ins(omitted: Iterable[str]) -> dict[str, bytes]:
    """What ships under the names of packages that don't, by path."""
    found = {path: _MODULE.format(names=names) for name in omitted for path, names in MODULES.get(name, {}).items()}
    shared = {SHARED: _SHARED.read_bytes()} if found else {}
    return shared | {path: text.encode() for path, text in found.items()}
