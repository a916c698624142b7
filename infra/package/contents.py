"""What ships and what does not, each with its reason.

The rule of thumb: the function reads rows over BigQuery's REST API, so what only gRPC, Arrow, tracing or development
needs stays out. The tests run the function out of the finished zip, where nothing that is listed here exists.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping

_FILE_TRANSFER = "only uploads and downloads of files use it"
_GRPC_ONLY = "only the gRPC transport uses it"

OMITTED_DISTRIBUTIONS: Mapping[str, str] = {
    "google-crc32c": _FILE_TRANSFER,
    "grpcio": "the function speaks REST; google-api-core does without gRPC where it is absent",
    "grpcio-status": _GRPC_ONLY,
    "opentelemetry-api": "the BigQuery client does without tracing where it is absent",
    "proto-plus": _GRPC_ONLY,
    "pyasn1": "google-auth reads private keys with cryptography; the function has no private key at all",
    "pyasn1-modules": "as pyasn1",
    "pycparser": "cffi parses C declarations with it when a binding is built, not when it is used",
}
"""Locked packages that are not even fetched, and why."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Omission:
    """Files of shipped packages that stay out.

    Args:
        pattern: Regular expression that the whole path in the zip matches.
        reason: Why the function never needs them.
    """

    pattern: str
    reason: str


OMITTED_FILES: tuple[Omission, ...] = (
    Omission(
        pattern=r".+\.dist-info/(?!METADATA$|LICEN[CS]E|licenses/).+",
        reason="installers read it; at run time only METADATA is read, and licences go with what they cover",
    ),
    Omission(pattern=r".+\.(pyi|pyx|pxd|c|h|proto)|(.+/)?py\.typed", reason="sources and types, for development"),
    Omission(pattern=r"(.+/)?__pycache__/.+", reason="bytecode of another build; it would differ between builds"),
    Omission(pattern=r"(.+/)?tests?/.+", reason="tests of the package itself"),
    Omission(pattern=r"cffi/.+", reason="for building bindings; cryptography loads only the compiled _cffi_backend"),
    Omission(
        pattern=r"google/(api|gapic|logging|longrunning|type)/.+",
        reason="protocol messages that only gRPC services use; google-api-core's errors use google/rpc",
    ),
    Omission(
        pattern=r"google/cloud/bigquery/(magics|dbapi)/.+", reason="notebook magics, PEP 249: nobody asks for them"
    ),
)
"""Files that are left out, and why."""

_OMITTED = re.compile("|".join(f"(?:{omission.pattern})" for omission in OMITTED_FILES))


def ships(path: str) -> bool:
    """Whether the file at ``path``, relative to the zip's root and with ``/``, is one that ships."""
    return _OMITTED.fullmatch(path) is None
