"""What begins while Lambda is still starting the function: the token is fetched beside the imports.

Lambda's init phase ends when the handler's module is imported; until then nobody waits for a token, but one could be
on its way. It is begun only where Lambda says that an invocation follows at once. Under SnapStart this memory becomes
a snapshot, in which no credential may be, and provisioned concurrency initialises hours before an invocation, when
the token would have expired, and freezes the process in the middle of the exchange.

Nothing here can make the start fail: what is wrong is met again, and said, by the first invocation.
"""

from __future__ import annotations

from collections.abc import Mapping

from lambda_src.access_token import AccessToken, TokenSource
from lambda_src.credentials import CredentialConfiguration
from lambda_src.environment import Environment
from lambda_src.errors import ReaderError

INITIALIZATION_TYPE = "AWS_LAMBDA_INITIALIZATION_TYPE"
"""By which Lambda tells how it starts the process. Source: AWS Lambda, "Defined runtime environment variables"."""

ON_DEMAND = "on-demand"
"""Its value where somebody's event is waiting."""


def token_begun(environ: Mapping[str, str]) -> AccessToken | None:
    """The reader's token, being fetched in a thread; ``None`` where it is too early for one, or this is not Lambda.

    Args:
        environ: The process's variables.
    """
    if environ.get(INITIALIZATION_TYPE) != ON_DEMAND:
        return None
    try:
        file = Environment.from_environ(environ).credentials_file
        token = AccessToken(TokenSource(CredentialConfiguration.from_file(file)))
    except ReaderError:
        return None
    token.begin()
    return token
