"""Whose an error is: a failure of the chain is diagnosed, and the function's own is raised as it is."""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterable, Iterator, Mapping

from google.auth.exceptions import OAuthError

from keyless_bigquery.runtime import advice
from keyless_bigquery.runtime.deadline import OutOfTimeError
from keyless_bigquery.runtime.diagnosis import CALLERS, KINDS, diagnose, foreign_to, name_of, places, unexpected
from keyless_bigquery.runtime.environment import AWS_REGIONS, AWS_SESSION, TABLE, TABLES, aws_region
from keyless_bigquery.runtime.errors import ConfigurationError, FunctionError, ReaderError, SubjectTokenError
from keyless_bigquery.runtime.late import known
from keyless_bigquery.runtime.redaction import holds, scrub

_RUNTIME = __name__.rpartition(".")[0]
_TOKEN = (
    *("google.auth.external_account", "google.auth.aws", "google.auth.identity_pool"),
    *(f"{_RUNTIME}.{name}" for name in ("access_token", "aws_credentials", "credentials", "transport", "web_identity")),
)
"""Modules that handle the session and tokens. What their errors quote is not foreseen."""

_CHAIN = (*_TOKEN, _RUNTIME, "google.cloud.bigquery")
"""Modules whose failed requests are the chain's. Those of other clients of the function's don't come through them."""

_OUT_OF_TIME = FunctionError("it had not ended when its time was up", "the function's timeout, and what it does")
_READ_AT_ONCE, _OVERLAP = 16_000, 1_000


def failure(
    error: Exception, *, secrets: Iterable[str], context: object = None, environ: Mapping[str, str] = os.environ
) -> Exception:
    """What to raise in place of ``error``.

    Args:
        error: What ended the invocation.
        secrets: Values that must not come through.
        context: Lambda's context, which the function was given.
        environ: The process's variables.

    Returns:
        The diagnosis of a failure of the chain, without credentials, as a :class:`ReaderError`. Anything else is the
        function's own: the error as it is, or where a text in it holds a secret, the place where it was raised.
    """
    held = list(secrets)
    found = _of_the_chain(error, environ) or _of_the_call(error, context)
    if found is None:
        if not _holds_any(_text(error), held):
            return error
        found = FunctionError(
            f"{name_of(error)} at {places(error)}, whose text holds a credential and is not shown",
            "what the function puts into its errors",
        )
    # Anew: nothing that is chained to the one that was raised comes with it.
    return type(found)(scrub(found.what, held), found.look_at, found.cause)


def _of_the_chain(error: Exception, environ: Mapping[str, str]) -> ReaderError | None:
    """The diagnosis of a failure of this library's, or of a client's on the way to BigQuery."""
    if isinstance(error, ReaderError):
        return error
    modules = _modules(error)
    ours = _are_of(modules - {OutOfTimeError.__module__}, (_RUNTIME,))
    if not isinstance(error, KINDS):
        return foreign_to(error, known(error)) or unexpected(error) if _are_of(modules, _TOKEN) else None
    if not _are_of(modules, _CHAIN) or (type(error) is TimeoutError and not ours):
        # Of another client's; or a limit of the function's own, as in `job.result(timeout=1)`.
        return None
    if not ours and not environ.get(AWS_SESSION[0]) and _are_of(modules - {OutOfTimeError.__module__}, _CHAIN):
        # The client asks again and again, so it is mostly the time that ends it.
        return SubjectTokenError("google-auth found no session of the role", advice.OWN_CREDENTIALS)
    if isinstance(error, OAuthError) and (wrong := _region_of_the_request(environ)) is not None:
        return wrong
    if isinstance(error, OutOfTimeError) and not (error.host or _are_of(modules - {OutOfTimeError.__module__}, _CHAIN)):
        return _OUT_OF_TIME
    return diagnose(error, (environ.get(TABLES) or environ.get(TABLE, "")).split(","))


def _region_of_the_request(environ: Mapping[str, str]) -> ReaderError | None:
    """What is wrong with the region for which google-auth signed a request that was refused.

    The reader's is checked before it signs. A client of the function's own signs for whatever is set.
    """
    if any(environ.get(name) for name in AWS_REGIONS):
        try:
            aws_region(environ)
        except ConfigurationError as error:
            return error
    return None


def _of_the_call(error: Exception, context: object) -> ReaderError | None:
    """The diagnosis of an error of the function's own that comes of how it is called."""
    if any(isinstance(one, OutOfTimeError) for one in _chained(error)):
        return _OUT_OF_TIME
    if isinstance(error, AttributeError) and context is not None and error.obj is context:
        return FunctionError(
            f"it asks Lambda's context for {error.name!r} at {places(error)}",
            "whether @with_bigquery is missing above the function: without it, the second parameter is Lambda's"
            " context and no reader",
        )
    return None


def _modules(error: BaseException) -> frozenset[str]:
    """Names of the modules that an error came through, but for those that all do."""
    frames = traceback.walk_tb(error.__traceback__)
    return frozenset(str(frame.f_globals.get("__name__", "")) for frame, _ in frames) - CALLERS


def _are_of(modules: Iterable[str], packages: tuple[str, ...]) -> bool:
    return any(f"{module}.".startswith(f"{package}.") for module in modules for package in packages)


def _chained(error: BaseException) -> Iterator[BaseException]:
    """An error, and those that it was raised from or meanwhile."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        one = waiting.pop()
        if id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting += [other for other in (one.__cause__, one.__context__) if other is not None]


def _text(error: BaseException) -> str:
    """Everything that Python prints of an error: with notes, groups, and those that are chained to it."""
    return "".join(traceback.format_exception(error))


def _holds_any(text: str, secrets: Iterable[str]) -> bool:
    held = list(secrets)
    starts = range(0, max(1, len(text)), _READ_AT_ONCE)
    return any(holds(text[start : start + _READ_AT_ONCE + _OVERLAP], held) for start in starts)
