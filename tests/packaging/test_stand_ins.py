"""What ships under the names of packages that don't: it can be imported, and refuses whoever uses it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from keyless_bigquery.packaging.contents import OMITTED_DISTRIBUTIONS
from keyless_bigquery.packaging.stand_ins import MODULES
from keyless_bigquery.packaging.stand_ins import stand_ins as all_of_them
from keyless_bigquery.packaging.unpacking import put


@pytest.fixture(scope="module")
def stand_ins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All of them, where they would be imported from."""
    folder = tmp_path_factory.mktemp("stand-ins")
    put(folder, all_of_them(MODULES))
    return folder


def run(folder: Path, program: str) -> subprocess.CompletedProcess[str]:
    """Runs a program that sees the standard library and ``folder``."""
    return subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            "-W",
            "error",
            "-c",
            f"import sys; sys.path.insert(0, {str(folder)!r})\n{program}",
        ],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_each_stands_in_for_a_package_that_is_left_out() -> None:
    assert MODULES.keys() <= OMITTED_DISTRIBUTIONS.keys()
    assert all_of_them(["grpcio"]) == {}


def test_what_libraries_name_when_they_are_imported_is_there_and_no_more(stand_ins: Path) -> None:
    done = run(
        stand_ins,
        """
from dataclasses import dataclass
from typing import Optional, Union
import cryptography.exceptions, cryptography.x509
from cryptography.hazmat import backends
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from google.protobuf import duration_pb2, timestamp_pb2
from google.rpc import error_details_pb2
from google import resumable_media
from google.resumable_media.requests import MultipartUpload, ResumableUpload

@dataclass
class Attributes:
    algorithm: hashes.HashAlgorithm
    def f(self, key: Union[ec.EllipticCurvePublicKey, ec.EllipticCurvePrivateKey], other: Optional[RSAPublicKey]): ...
Either = ec.EllipticCurvePublicKey | RSAPublicKey | None
class Derived(RSAPublicKey): ...
assert not hasattr(RSAPublicKey, "__origin__"), "what typing asks of each class"
held = padding.PKCS1v15(), hashes.SHA256(), backends.default_backend()
assert not isinstance(held[0], RSAPublicKey) and not isinstance(held[0], Either)
try:
    raise KeyError
except (cryptography.exceptions.InvalidSignature, resumable_media.InvalidResponse):
    raise SystemExit("caught")
except KeyError:
    print("passed on")
""",
    )
    assert (done.stdout, done.stderr) == ("passed on\n", "")


USES = {
    "a key is read": "from cryptography.hazmat.primitives import serialization as s\ns.load_pem_private_key(b'', None)",
    "a certificate is read": "import cryptography.x509\ncryptography.x509.load_pem_x509_certificate(b'')",
    "a key is made": "from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey as K\nK()",
    "a key is derived": "from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey as K\n"
    "class L(K): ...\nL()",
    "a key is generated": "from cryptography.hazmat.primitives.asymmetric import rsa\nrsa.generate_private_key()",
    "a class is asked": "from cryptography.hazmat.primitives.asymmetric import ec\nec.EllipticCurve.named()",
    "a signature is taken apart": "from cryptography.hazmat.primitives.asymmetric import utils\n"
    "utils.decode_dss_signature(b'')",
    "a message is made": "from google.protobuf import timestamp_pb2\ntimestamp_pb2.Timestamp()",
    "error details are read": "from google.rpc import error_details_pb2\nerror_details_pb2.ErrorInfo",
    "a file is uploaded": "from google.resumable_media.requests import ResumableUpload\nResumableUpload('', 1)",
    "an upload is tried again": "from google import resumable_media\nresumable_media.RetryStrategy()",
    "a text's language is asked": "import charset_normalizer\ncharset_normalizer.from_bytes(b'')",
    "a host's name is not ASCII": "import idna\nidna.encode('b\u00fccher.example', uts46=True)",
}


def test_using_one_is_refused_with_its_name_and_the_fix(stand_ins: Path) -> None:
    done = run(
        stand_ins,
        f"""
import json
said = {{}}
for use, program in {USES!r}.items():
    try:
        exec(program, {{"__name__": "user"}})
    except (ImportError, AttributeError) as error:
        said[use] = str(error)
print(json.dumps(said))
""",
    )
    assert done.stderr == ""
    said = json.loads(done.stdout)
    assert said.keys() == USES.keys()
    for use, text in said.items():
        assert any(name in text for name in ("cryptography.", "google.", "charset_normalizer.", "idna.", "user.L")), use
        assert "a stand-in ships in its place" in text, use
        assert "Set functionPackage: full, or name " in text, use
    for use, package in {
        "a message is made": "protobuf",
        "error details are read": "googleapis-common-protos",
        "an upload is tried again": "google-resumable-media",
        "a text's language is asked": "charset-normalizer",
        "a key is read": "cryptography",
    }.items():
        assert f"or name {package} in lambda_src/requirements.in and run `keyless lock`." in said[use]


def test_no_signature_is_found_good_and_no_refusal_is_taken_for_an_answer(stand_ins: Path) -> None:
    """As google-auth verifies: an answer is only what its own ``except`` clause takes for one."""
    done = run(
        stand_ins,
        """
import cryptography.exceptions
from cryptography.hazmat.primitives.asymmetric import utils
from not_shipped import NotShippedError
try:
    utils.encode_dss_signature(1, 2)
except (ValueError, cryptography.exceptions.InvalidSignature):
    print("an answer")
except NotShippedError:
    print("refused")
""",
    )
    assert (done.stdout, done.stderr) == ("refused\n", "")


def test_an_unknown_encoding_is_said_to_be_unknown(stand_ins: Path) -> None:
    done = run(stand_ins, "import charset_normalizer\nprint(charset_normalizer.detect('ä'.encode())['encoding'])")
    assert (done.stdout, done.stderr) == ("None\n", "")


def test_a_module_that_is_not_there_is_not_found(stand_ins: Path) -> None:
    """So that a library which copes without it does."""
    for absent in ("cryptography.fernet", "google.protobuf.message", "google.rpc.status_pb2"):
        done = run(stand_ins, f"try:\n    import {absent}\nexcept ModuleNotFoundError:\n    print('absent')")
        assert (done.stdout, done.stderr) == ("absent\n", ""), absent
