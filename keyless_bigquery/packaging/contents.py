"""What ships and what does not, each with its reason.

The rule of thumb: the library reads rows over BigQuery's REST API, so what only gRPC, Arrow, keys, uploads, tracing or
development needs stays out, and everything that ``google.cloud.bigquery`` itself exports stays in. These reasons hold
for the library and for the packages in :data:`JUDGED`, which it is built on. So a package is left out, or trimmed, only
where everything that requires it is one of those: what the user's ``requirements.in`` names ships whole, with all that
it requires. The finished package is imported once at build time, which finds what is missing.
"""

from __future__ import annotations

import dataclasses
import enum
import re
from collections.abc import Iterable, Mapping

from keyless_bigquery.packaging.lock import LIBRARY, USER, Locked


class Contents(enum.StrEnum):
    """How much of what is locked ships."""

    SLIM = "slim"
    FULL = "full"


JUDGED = frozenset(
    {
        LIBRARY,
        *("google-api-core", "google-auth", "google-cloud-bigquery", "google-cloud-core"),
        *("python-dateutil", "requests", "urllib3"),
    }
)
"""Whose imports were read for the lists below."""

OMITTED_DISTRIBUTIONS: Mapping[str, tuple[str, ...]] = {
    # cryptography alone uses it, and stays out itself.
    "cffi": ("cffi", "_cffi_backend"),
    # Guesses the encoding of texts whose sender names none; Google's APIs name it.
    "charset-normalizer": ("charset_normalizer",),
    # Reads private keys and certificates; the function has neither, and TLS is OpenSSL's in the runtime.
    "cryptography": ("cryptography",),
    # Checks files that are transferred.
    "google-crc32c": ("google_crc32c",),
    # Uploads files for load jobs; the function reads.
    "google-resumable-media": ("google.resumable_media", "google._async_resumable_media"),
    # Protocol messages; errors of REST are JSON, and what reads messages from them is for gRPC.
    "googleapis-common-protos": (
        *("google.api", "google.gapic", "google.logging", "google.longrunning", "google.rpc", "google.type"),
    ),
    # The function speaks REST; google-api-core does without gRPC where it is absent.
    "grpcio": ("grpc",),
    # Only clients that speak gRPC use it.
    "grpcio-status": ("grpc_status",),
    # Encodes names of hosts that are not ASCII, and those of Google's APIs and of AWS are.
    "idna": ("idna",),
    # The BigQuery client does without tracing where it is absent.
    "opentelemetry-api": ("opentelemetry",),
    # Only clients that speak gRPC use it.
    "proto-plus": ("proto",),
    # Protocol messages; BigQuery's REST API speaks JSON.
    "protobuf": ("google.protobuf", "google._upb"),
    # google-auth reads private keys with it where cryptography can't; the function has none.
    "pyasn1": ("pyasn1",),
    # As pyasn1.
    "pyasn1-modules": ("pyasn1_modules",),
    # cffi parses C declarations with it when a binding is built.
    "pycparser": ("pycparser",),
    # Of the packages here only grpcio and opentelemetry-api import it.
    "typing-extensions": ("typing_extensions",),
}
"""Locked packages that are not even fetched, and what each is imported as. Where ``stand_ins`` has modules for one,
those ship in its place."""

OMITTED_FILES: tuple[tuple[str | None, str], ...] = (
    # Installers read it; METADATA is read at run time, also by what looks for known vulnerabilities, entry
    # points are how packages find each other, and licences go with what they cover.
    (None, r".+\.dist-info/(?!METADATA$|entry_points\.txt$|LICEN[CS]E|NOTICE|licenses/).+"),
    # Sources and types, for development.
    (None, r".+\.(pyi|pyx|pxd|c|h|proto)|(.+/)?py\.typed"),
    # Tests of the package itself.
    (None, r"(.+/)?tests?/.+"),
    # What clients made from protocol definitions build on; the BigQuery client is written by hand.
    (
        "google-api-core",
        r"google/api_core/(gapic_v1|operations_v1)/.+|google/api_core/(_observability|_rest_streaming_base"
        r"|bidi(_async|_base)?|extended_operation|grpc_helpers(_async)?|operation(_async)?|protobuf_helpers"
        r"|rest_helpers|rest_streaming(_async)?)\.py",
    ),
    # Transfers of files.
    ("google-api-core", r"google/api_core/resumable_transfer/.+"),
    # For clients on asyncio; the function waits for one answer at a time.
    ("google-api-core", r"google/api_core/(page_iterator_async|retry_async|future/async_future)\.py"),
    # For clients on asyncio; the function waits for one answer at a time.
    (
        "google-auth",
        r"google/auth/aio/.+|google/(auth|oauth2)/_[a-z_]+_async\.py"
        r"|google/auth/transport/_(aiohttp_requests|requests_base)\.py",
    ),
    # Only clients that speak gRPC use it.
    ("google-auth", r"google/auth/transport/grpc\.py"),
    # Keys of the package rsa, which is not locked.
    ("google-auth", r"google/auth/crypt/_python_rsa\.py"),
    # Notebook magics, and PEP 249.
    ("google-cloud-bigquery", r"google/cloud/bigquery/(magics|dbapi)/.+"),
    # Old protocol messages of BigQuery, which the client no longer imports.
    ("google-cloud-bigquery", r"google/cloud/bigquery_v2/.+"),
    # Protocol messages of other services, and what is for their clients.
    ("google-cloud-core", r"google/cloud/(_testing|location|obsolete|operation)/.+|google/cloud/[a-z_]+_pb2\.py"),
    # The BigQuery client compares versions, and nothing here installs packages.
    ("packaging", r"packaging/(?!(__init__|version)\.py$).+"),
    # BigQuery's INTERVAL is a relativedelta; time zones and parsers are the standard library's.
    ("python-dateutil", r"dateutil/(?!(__init__|_common|_version|relativedelta)\.py$).+"),
    # For browsers, SOCKS proxies and interpreters without SNI.
    ("urllib3", r"urllib3/contrib/(?!__init__\.py$).+"),
    # Needs h2, which is not locked; urllib3 speaks HTTP/2 only where it is asked to.
    ("urllib3", r"urllib3/http2/connection\.py"),
)
"""Files that stay out: their package, ``None`` for any that is trimmed, and what the path in the zip matches."""

INSTALLERS_OWN = re.compile(r".+\.dist-info/(RECORD|INSTALLER|REQUESTED|uv_cache\.json|direct_url\.json)|.+\.pyc")
"""What an installer writes about this machine, or from it: it never ships."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Selection:
    """What ships of one lock.

    Args:
        omitted: The packages that are not even fetched.
        trimmed: Those of which :data:`OMITTED_FILES` stay out.
    """

    omitted: frozenset[str]
    trimmed: frozenset[str]

    def ships(self, path: str, *, distribution: str) -> bool:
        """Whether a file of an installed package ships.

        Args:
            path: Where it lies, relative to the zip's root and with ``/``.
            distribution: The package's name, as the lock has it.
        """
        if INSTALLERS_OWN.fullmatch(path):
            return False
        return distribution not in self.trimmed or not any(
            trimmed in {None, distribution} and re.fullmatch(pattern, path) for trimmed, pattern in OMITTED_FILES
        )


def select(locked: Iterable[Locked], contents: Contents) -> Selection:
    """What ships of a lock."""
    needed_by = {entry.name: entry.needed_by for entry in locked if entry.name and contents is Contents.SLIM}
    # A package that the user names is used in ways that were not judged.
    judged = JUDGED - {name for name, dependents in needed_by.items() if USER in dependents}
    omitted = OMITTED_DISTRIBUTIONS.keys() & needed_by.keys()
    while unjudged := {name for name in omitted if not _only_by(needed_by[name], judged | omitted)}:
        omitted -= unjudged
    return Selection(
        omitted=frozenset(omitted),
        trimmed=frozenset(name for name in needed_by.keys() - omitted if _only_by(needed_by[name], judged | omitted)),
    )


def _only_by(dependents: frozenset[str], judged: frozenset[str] | set[str]) -> bool:
    return bool(dependents) and dependents <= judged
