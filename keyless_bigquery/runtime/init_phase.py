"""What Lambda's init phase does: while the process starts, nothing waits for a token, but one can be on its way.

It is fetched in parallel with the imports where Lambda initialises the process on demand: an invocation mostly follows
at once. Lambda occasionally initialises one ahead of an invocation; its token is then older, or the exchange was frozen
half-way, and the first invocation renews it or fetches its own, as after any freeze. Under SnapStart this memory
becomes a snapshot, in which no credential may be; and provisioned concurrency starts hours before an invocation, when
the token would have expired, and freezes the process in the middle of the exchange. There it is the time to import what
an invocation might need; and no more, since whatever draws random numbers, as encryption does, would draw the same in
each process that goes on from the snapshot.

A function that makes a client of its own doesn't use this token: google-auth fetches another for it. What it is can
only be known by importing it, which takes as long as the token; so each start of such a function costs one exchange and
one impersonation that nothing waits for.

Nothing here can make the start fail: what is wrong is met again, and said, by the first invocation.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from keyless_bigquery.runtime.access_token import AccessToken, TokenSource
from keyless_bigquery.runtime.credentials import CredentialConfiguration
from keyless_bigquery.runtime.environment import CREDENTIALS_FILE
from keyless_bigquery.runtime.errors import ConfigurationError

INITIALIZATION_TYPE = "AWS_LAMBDA_INITIALIZATION_TYPE"
"""By which Lambda says how it starts the process. Source: AWS Lambda, "Defined runtime environment variables"."""

ON_DEMAND = "on-demand"
"""Its value where an invocation mostly follows at once, though Lambda occasionally initialises ahead of one. Source:
AWS Lambda, "Understanding the Lambda execution environment lifecycle", init phase."""


def begin(environ: Mapping[str, str]) -> AccessToken | None:
    """Begins what can be begun ahead of the first invocation; outside Lambda nothing.

    Returns:
        The reader's token, being fetched in a thread; ``None`` where it is too early for one, or this is not Lambda.
    """
    initialization = environ.get(INITIALIZATION_TYPE)
    if initialization == ON_DEMAND:
        return _token_begun(Path(environ.get(CREDENTIALS_FILE, "")))
    if initialization:
        _import_ahead()
    return None


def _token_begun(file: Path) -> AccessToken | None:
    try:
        token = AccessToken(TokenSource(CredentialConfiguration.from_file(file)))
    except ConfigurationError:
        return None
    token.begin()
    return token


def _import_ahead() -> None:
    # Both are imported where they are needed, and so that they are there.
    import keyless_bigquery.runtime.boundary
    import keyless_bigquery.runtime.container_session  # noqa: F401 - for what the comment says
