"""What ships and what does not, each with its reason.

The rule of thumb: the function reads rows over BigQuery's REST API, so what only gRPC, Arrow, keys, uploads, tracing or
development needs stays out, and everything that ``google.cloud.bigquery`` itself exports stays in. The build refuses a
list that no longer fits what is locked; the tests run the function out of the finished zip, where nothing that is
listed here exists. What shipped code imports nevertheless is judged by ``guard``, with the excuses below.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Mapping

from infra.package.errors import PackageError
from infra.package.imports import Import, When


@dataclasses.dataclass(frozen=True, kw_only=True)
class OmittedDistribution:
    """A locked package that is not even fetched. Where ``stand_ins`` has a folder for it, that ships in its place.

    Args:
        name: Its name, as the lock has it.
        needed_by: The package whose requirement it is.
        modules: What it is imported as.
        reason: Why the function never needs it.
    """

    name: str
    needed_by: str
    modules: tuple[str, ...]
    reason: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class OmittedFiles:
    """Files of a shipped package that stay out.

    Args:
        distribution: The package; ``None``: any.
        pattern: Regular expression that the whole path in the zip matches.
        reason: Why the function never needs them.
    """

    distribution: str | None
    pattern: str
    reason: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class ExcusedImport:
    """An import of something that does not ship, or of a stand-in, that does no harm.

    Args:
        importer: The module that imports, or a package whose modules do.
        imported: The module that is imported, or a package around it.
        when: When the import runs; only an import of that kind is excused.
        reason: Why a query does not get there.
    """

    importer: str
    imported: str
    when: When
    reason: str

    def is_of(self, module: str) -> bool:
        """Whether it is about what ``module`` imports."""
        return _is_in(module, self.importer)

    def excuses(self, wanted: Import, *, by: str) -> bool:
        """Whether it is about what the module ``by`` wants."""
        return self.is_of(by) and wanted.when is self.when and _is_in(str(wanted), self.imported)


_GRPC_ONLY = "only clients that speak gRPC use it"
_ASYNC_ONLY = "for clients on asyncio; the function waits for one answer at a time"

OMITTED_DISTRIBUTIONS = (
    OmittedDistribution(
        name="cffi",
        needed_by="cryptography",
        modules=("cffi", "_cffi_backend"),
        reason="cryptography alone uses it, and stays out itself",
    ),
    OmittedDistribution(
        name="charset-normalizer",
        needed_by="requests",
        modules=("charset_normalizer",),
        reason="guesses the encoding of texts whose sender names none; Google's APIs name it",
    ),
    OmittedDistribution(
        name="cryptography",
        needed_by="google-auth",
        modules=("cryptography",),
        reason="reads private keys and certificates; the function has neither, and TLS is OpenSSL's in the runtime",
    ),
    OmittedDistribution(
        name="google-crc32c",
        needed_by="google-resumable-media",
        modules=("google_crc32c",),
        reason="checks files that are transferred",
    ),
    OmittedDistribution(
        name="google-resumable-media",
        needed_by="google-cloud-bigquery",
        modules=("google.resumable_media", "google._async_resumable_media"),
        reason="uploads files for load jobs; the function reads",
    ),
    OmittedDistribution(
        name="googleapis-common-protos",
        needed_by="google-api-core",
        modules=("google.api", "google.gapic", "google.logging", "google.longrunning", "google.rpc", "google.type"),
        reason="protocol messages; errors of REST are JSON, and what reads messages from them is for gRPC",
    ),
    OmittedDistribution(
        name="grpcio",
        needed_by="google-api-core",
        modules=("grpc",),
        reason="the function speaks REST; google-api-core does without gRPC where it is absent",
    ),
    OmittedDistribution(name="grpcio-status", needed_by="google-api-core", modules=("grpc_status",), reason=_GRPC_ONLY),
    OmittedDistribution(
        name="idna",
        needed_by="requests",
        modules=("idna",),
        reason="encodes names of hosts that are not ASCII, and those of Google's APIs and of AWS are",
    ),
    OmittedDistribution(
        name="opentelemetry-api",
        needed_by="google-api-core",
        modules=("opentelemetry",),
        reason="the BigQuery client does without tracing where it is absent",
    ),
    OmittedDistribution(name="proto-plus", needed_by="google-api-core", modules=("proto",), reason=_GRPC_ONLY),
    OmittedDistribution(
        name="protobuf",
        needed_by="google-api-core",
        modules=("google.protobuf", "google._upb"),
        reason="protocol messages; BigQuery's REST API speaks JSON",
    ),
    OmittedDistribution(
        name="pyasn1",
        needed_by="google-auth",
        modules=("pyasn1",),
        reason="google-auth reads private keys with it where cryptography can't; the function has none",
    ),
    OmittedDistribution(
        name="pyasn1-modules", needed_by="google-auth", modules=("pyasn1_modules",), reason="as pyasn1"
    ),
    OmittedDistribution(
        name="pycparser",
        needed_by="cryptography",
        modules=("pycparser",),
        reason="cffi parses C declarations with it when a binding is built",
    ),
    OmittedDistribution(
        name="typing-extensions",
        needed_by="google-api-core",
        modules=("typing_extensions",),
        reason="of the packages here only grpcio and opentelemetry-api import it",
    ),
)
"""Locked packages that are not even fetched, and why."""

OMITTED_FILES = (
    OmittedFiles(
        distribution=None,
        pattern=r".+\.dist-info/(?!METADATA$|LICEN[CS]E|NOTICE|licenses/).+",
        reason="installers read it; at run time only METADATA is read, also by what looks for known vulnerabilities,"
        " and licences go with what they cover",
    ),
    OmittedFiles(
        distribution=None,
        pattern=r".+\.(pyi|pyx|pxd|c|h|proto)|(.+/)?py\.typed",
        reason="sources and types, for development",
    ),
    OmittedFiles(
        distribution=None,
        pattern=r"(.+/)?__pycache__/.+",
        reason="bytecode of somebody else's; what ships is made here, for the function's own interpreter",
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
        reason="notebook magics, PEP 249: nobody asks for them",
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

_FOREIGN_NAMES = "for hosts whose names are not ASCII"
_CERTIFICATES = "certificates of the caller's own, which this function has none of"

EXCUSED_IMPORTS = (
    ExcusedImport(
        importer="google.auth._agent_identity_utils", imported="cryptography", when=When.LATER, reason=_CERTIFICATES
    ),
    ExcusedImport(
        importer="google.auth.crypt.rsa",
        imported="google.auth.crypt._python_rsa",
        when=When.LATER,
        reason="for keys of the package rsa",
    ),
    ExcusedImport(importer="google.auth.identity_pool", imported="cryptography", when=When.LATER, reason=_CERTIFICATES),
    ExcusedImport(
        importer="google.auth.transport._custom_tls_signer",
        imported="cryptography",
        when=When.LATER,
        reason=_CERTIFICATES,
    ),
    ExcusedImport(
        importer="google.auth.transport._mtls_helper", imported="cryptography", when=When.LATER, reason=_CERTIFICATES
    ),
    ExcusedImport(
        importer="google.auth.transport.requests",
        imported="requests.packages.urllib3",
        when=When.AT_IMPORT,
        reason="requests registers urllib3 under that name when it is imported",
    ),
    ExcusedImport(
        importer="google.cloud.bigquery",
        imported="google.cloud.bigquery.magics",
        when=When.LATER,
        reason="when a notebook loads the extension",
    ),
    ExcusedImport(
        importer="google.cloud.bigquery.client",
        imported="google.api_core.gapic_v1",
        when=When.LATER,
        reason="when a client of the Storage API is made, which speaks gRPC",
    ),
    ExcusedImport(
        importer="requests",
        imported="charset_normalizer",
        when=When.AT_IMPORT,
        reason="it asks for the version, and would warn if there were none",
    ),
    ExcusedImport(
        importer="requests.compat",
        imported="simplejson",
        when=When.AT_IMPORT,
        reason="only where an import of it just before worked",
    ),
    ExcusedImport(importer="requests.models", imported="idna", when=When.LATER, reason=_FOREIGN_NAMES),
    ExcusedImport(importer="six", imported="StringIO", when=When.AT_IMPORT, reason="in Python 2"),
    ExcusedImport(
        importer="urllib3.http2",
        imported="urllib3.http2.connection",
        when=When.LATER,
        reason="when HTTP/2 is asked for, which needs h2",
    ),
    ExcusedImport(importer="urllib3.util.url", imported="idna", when=When.LATER, reason=_FOREIGN_NAMES),
)
"""Imports that may fail, and why none of them does."""


def ships(path: str, *, distribution: str) -> bool:
    """Whether a file of a package is one that ships.

    Args:
        path: Where it lies, relative to the zip's root and with ``/``.
        distribution: The package's name, as the lock has it.
    """
    return not any(_is_about(omitted, path, distribution) for omitted in OMITTED_FILES)


def refuse_stale(files: Mapping[str, Collection[str]], *, locked: Collection[str]) -> None:
    """Makes sure that each entry above still leaves something out, as far as it is about packages of this lock.

    Args:
        files: For each package that was fetched, the paths in its wheel.
        locked: The names of all that is locked.

    Raises:
        PackageError: One does not. It was about a version that is no longer locked.
    """
    for omitted in OMITTED_DISTRIBUTIONS:
        if omitted.needed_by in locked and omitted.name not in locked:
            raise _stale(omitted.name, f"{omitted.needed_by} is locked, and no longer needs it")
    for listed in OMITTED_FILES:
        paths = files.get(listed.distribution or "")
        if paths is not None and not any(re.fullmatch(listed.pattern, path) for path in paths):
            raise _stale(listed.pattern, f"{listed.distribution} has no such file any more")


def _is_in(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def _is_about(omitted: OmittedFiles, path: str, distribution: str) -> bool:
    return omitted.distribution in {None, distribution} and re.fullmatch(omitted.pattern, path) is not None


def _stale(entry: str, why: str) -> PackageError:
    return PackageError(f"infra/package/contents.py leaves out {entry!r}: {why}. Take the entry out, or mend it.")
