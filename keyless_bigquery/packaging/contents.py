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
from collections.abc import Iterable

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


@dataclasses.dataclass(frozen=True, kw_only=True)
class OmittedDistribution:
    """A locked package that is not even fetched. Where ``stand_ins`` has modules for it, those ship in its place.

    Args:
        name: Its name, as the lock has it.
        modules: What it is imported as.
        reason: Why the function never needs it.
    """

    name: str
    modules: tuple[str, ...]
    reason: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class OmittedFiles:
    """Files of a shipped package that stay out.

    Args:
        distribution: The package; ``None``: any that is trimmed.
        pattern: Regular expression that the whole path in the zip matches.
        reason: Why the function never needs them.
    """

    distribution: str | None
    pattern: str
    reason: str


_GRPC_ONLY = "only clients that speak gRPC use it"
_ASYNC_ONLY = "for clients on asyncio; the function waits for one answer at a time"

OMITTED_DISTRIBUTIONS = (
    OmittedDistribution(
        name="cffi",
        modules=("cffi", "_cffi_backend"),
        reason="cryptography alone uses it, and stays out itself",
    ),
    OmittedDistribution(
        name="charset-normalizer",
        modules=("charset_normalizer",),
        reason="guesses the encoding of texts whose sender names none; Google's APIs name it",
    ),
    OmittedDistribution(
        name="cryptography",
        modules=("cryptography",),
        reason="reads private keys and certificates; the function has neither, and TLS is OpenSSL's in the runtime",
    ),
    OmittedDistribution(
        name="google-crc32c",
        modules=("google_crc32c",),
        reason="checks files that are transferred",
    ),
    OmittedDistribution(
        name="google-resumable-media",
        modules=("google.resumable_media", "google._async_resumable_media"),
        reason="uploads files for load jobs; the function reads",
    ),
    OmittedDistribution(
        name="googleapis-common-protos",
        modules=("google.api", "google.gapic", "google.logging", "google.longrunning", "google.rpc", "google.type"),
        reason="protocol messages; errors of REST are JSON, and what reads messages from them is for gRPC",
    ),
    OmittedDistribution(
        name="grpcio",
        modules=("grpc",),
        reason="the function speaks REST; google-api-core does without gRPC where it is absent",
    ),
    OmittedDistribution(name="grpcio-status", modules=("grpc_status",), reason=_GRPC_ONLY),
    OmittedDistribution(
        name="idna",
        modules=("idna",),
        reason="encodes names of hosts that are not ASCII, and those of Google's APIs and of AWS are",
    ),
    OmittedDistribution(
        name="opentelemetry-api",
        modules=("opentelemetry",),
        reason="the BigQuery client does without tracing where it is absent",
    ),
    OmittedDistribution(name="proto-plus", modules=("proto",), reason=_GRPC_ONLY),
    OmittedDistribution(
        name="protobuf",
        modules=("google.protobuf", "google._upb"),
        reason="protocol messages; BigQuery's REST API speaks JSON",
    ),
    OmittedDistribution(
        name="pyasn1",
        modules=("pyasn1",),
        reason="google-auth reads private keys with it where cryptography can't; the function has none",
    ),
    OmittedDistribution(name="pyasn1-modules", modules=("pyasn1_modules",), reason="as pyasn1"),
    OmittedDistribution(
        name="pycparser",
        modules=("pycparser",),
        reason="cffi parses C declarations with it when a binding is built",
    ),
    OmittedDistribution(
        name="typing-extensions",
        modules=("typing_extensions",),
        reason="of the packages here only grpcio and opentelemetry-api import it",
    ),
)
"""Locked packages that are not even fetched, and why."""

OMITTED_FILES = (
    OmittedFiles(
        distribution=None,
        pattern=r".+\.dist-info/(?!METADATA$|entry_points\.txt$|LICEN[CS]E|NOTICE|licenses/).+",
        reason="installers read it; METADATA is read at run time, also by what looks for known vulnerabilities, entry"
        " points are how packages find each other, and licences go with what they cover",
    ),
    OmittedFiles(
        distribution=None,
        pattern=r".+\.(pyi|pyx|pxd|c|h|proto)|(.+/)?py\.typed",
        reason="sources and types, for development",
    ),
    OmittedFiles(distribution=None, pattern=r"(.+/)?tests?/.+", reason="tests of the package itself"),
    OmittedFiles(
        distribution="google-api-core",
        pattern=r"google/api_core/(gapic_v1|operations_v1)/.+|google/api_core/(_observability|_rest_streaming_base"
        r"|bidi(_async|_base)?|extended_operation|grpc_helpers(_async)?|operation(_async)?|protobuf_helpers"
        r"|rest_helpers|rest_streaming(_async)?)\.py",
        reason="what clients made from protocol definitions build on; the BigQuery client is written by hand",
    ),
    OmittedFiles(
        distribution="google-api-core",
        pattern=r"google/api_core/resumable_transfer/.+",
        reason="transfers of files",
    ),
    OmittedFiles(
        distribution="google-api-core",
        pattern=r"google/api_core/(page_iterator_async|retry_async|future/async_future)\.py",
        reason=_ASYNC_ONLY,
    ),
    OmittedFiles(
        distribution="google-auth",
        pattern=r"google/auth/aio/.+|google/(auth|oauth2)/_[a-z_]+_async\.py"
        r"|google/auth/transport/_(aiohttp_requests|requests_base)\.py",
        reason=_ASYNC_ONLY,
    ),
    OmittedFiles(distribution="google-auth", pattern=r"google/auth/transport/grpc\.py", reason=_GRPC_ONLY),
    OmittedFiles(
        distribution="google-auth",
        pattern=r"google/auth/crypt/_python_rsa\.py",
        reason="keys of the package rsa, which is not locked",
    ),
    OmittedFiles(
        distribution="google-cloud-bigquery",
        pattern=r"google/cloud/bigquery/(magics|dbapi)/.+",
        reason="notebook magics, and PEP 249",
    ),
    OmittedFiles(
        distribution="google-cloud-bigquery",
        pattern=r"google/cloud/bigquery_v2/.+",
        reason="old protocol messages of BigQuery, which the client no longer imports",
    ),
    OmittedFiles(
        distribution="google-cloud-core",
        pattern=r"google/cloud/(_testing|location|obsolete|operation)/.+|google/cloud/[a-z_]+_pb2\.py",
        reason="protocol messages of other services, and what is for their clients",
    ),
    OmittedFiles(
        distribution="packaging",
        pattern=r"packaging/(?!(__init__|version)\.py$).+",
        reason="the BigQuery client compares versions, and nothing here installs packages",
    ),
    OmittedFiles(
        distribution="python-dateutil",
        pattern=r"dateutil/(?!(__init__|_common|_version|relativedelta)\.py$).+",
        reason="BigQuery's INTERVAL is a relativedelta; time zones and parsers are the standard library's",
    ),
    OmittedFiles(
        distribution="urllib3",
        pattern=r"urllib3/contrib/(?!__init__\.py$).+",
        reason="for browsers, SOCKS proxies and interpreters without SNI",
    ),
    OmittedFiles(
        distribution="urllib3",
        pattern=r"urllib3/http2/connection\.py",
        reason="needs h2, which is not locked; urllib3 speaks HTTP/2 only where it is asked to",
    ),
)
"""Files that are left out, and why."""

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
            listed.distribution in {None, distribution} and re.fullmatch(listed.pattern, path)
            for listed in OMITTED_FILES
        )


def select(locked: Iterable[Locked], contents: Contents) -> Selection:
    """What ships of a lock."""
    needed_by = {entry.name: entry.needed_by for entry in locked if entry.name and contents is Contents.SLIM}
    # A package that the user names is used in ways that were not judged.
    judged = JUDGED - {name for name, dependents in needed_by.items() if USER in dependents}
    omitted = {listed.name for listed in OMITTED_DISTRIBUTIONS} & needed_by.keys()
    while unjudged := {name for name in omitted if not _only_by(needed_by[name], judged | omitted)}:
        omitted -= unjudged
    return Selection(
        omitted=frozenset(omitted),
        trimmed=frozenset(name for name in needed_by.keys() - omitted if _only_by(needed_by[name], judged | omitted)),
    )


def _only_by(dependents: frozenset[str], judged: frozenset[str] | set[str]) -> bool:
    return bool(dependents) and dependents <= judged
