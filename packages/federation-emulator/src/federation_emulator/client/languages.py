"""What each language needs besides credentials: whom to trust over https, and no way to Google where it asks Google.

The standard library only. The files are written by the server (:mod:`federation_emulator.servers.tls`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from federation_emulator.core.endpoints import Endpoints
from federation_emulator.core.loopback import CLOSED

AUTHORITY = "ca.pem"
"""The certificate of the local Google's own authority."""

BUNDLE = "ca-bundle.pem"
"""It, and the authorities that this machine trusts: these variables replace a program's list, and public hosts stay."""

TRUST_STORE = "truststore.p12"
"""The same for Java, as PKCS #12 without a password: there is no secret in it."""

_JAVA_TRUST = re.compile(r"-Djavax\.net\.ssl\.trustStore\w*=(?:'[^']*'|\S)+\s*", re.ASCII)


def trust(authority: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Variables with which programs trust the local Google over https.

    Sources: requests, OpenSSL and Go (``crypto/x509``), curl, httplib2, gRPC, Node ("Command-line API"), Java ("JSSE
    Reference Guide" and "JAVA_TOOL_OPTIONS"), gcloud.

    Args:
        authority: Where the authority's certificate is; the other files are next to it.
        environment: What is set already: Java's options are added to.
    """
    bundle = str(authority.with_name(BUNDLE))
    store = f"-Djavax.net.ssl.trustStore='{authority.with_name(TRUST_STORE)}' -Djavax.net.ssl.trustStoreType=PKCS12"
    replacing = (
        "REQUESTS_CA_BUNDLE",  # Python's requests
        "SSL_CERT_FILE",  # Python's ssl, Go
        "CURL_CA_BUNDLE",
        "HTTPLIB2_CA_CERTS",  # google-api-python-client
        "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
        "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE",
    )
    others = _JAVA_TRUST.sub("", environment.get("JAVA_TOOL_OPTIONS", "")).strip()
    return {
        **dict.fromkeys(replacing, bundle),
        "NODE_EXTRA_CA_CERTS": str(authority),
        "JAVA_TOOL_OPTIONS": f"{others} {store}".strip(),
    }


def trusting(endpoints: Endpoints, environment: Mapping[str, str]) -> dict[str, str]:
    """What :func:`trust` gives for a running local cloud; nothing over http."""
    return trust(Path(endpoints.ca_file), environment) if endpoints.ca_file else {}


def without_google() -> dict[str, str]:
    """Variables with which a program reaches no public host over https.

    In Google's own universe google-auth for Python (2.55 and later) asks ``iamcredentials.googleapis.com`` where an
    account may be used ("Regional Access Boundary"), whatever the credential configuration says. No setting of its own
    turns that off, and it would send a local token to Google.
    """
    # In place of the user's own list, which may name Google's hosts.
    direct = dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost")
    return {**dict.fromkeys(("HTTPS_PROXY", "https_proxy"), CLOSED), **direct}
