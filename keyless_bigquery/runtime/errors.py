"""What a failed invocation ends with: an error type for each link of the chain, so that Lambda's log keeps them apart.

Standard library only.
"""

from __future__ import annotations

import enum
from typing import ClassVar


class Link(enum.Enum):
    """A link of the chain from the role to the response, by the name that the log line gives it."""

    CONFIGURATION = "configuration"
    SUBJECT_TOKEN = "subject token"  # noqa: S105 - the name of a link, and no token
    TOKEN_EXCHANGE = "token exchange"  # noqa: S105 - the name of a link, and no token
    IMPERSONATION = "impersonation"
    JOB_CREATION = "job creation"
    TABLE_ACCESS = "table access"
    PARAMETERS = "parameters"
    QUERY = "query"
    NETWORK = "network"
    FUNCTION = "function"
    RESPONSE = "response"
    UNEXPECTED = "unexpected"


class ReaderError(Exception):
    """A failed invocation. Its text is the log line, and carries no secret.

    Args:
        what: What happened.
        look_at: What a person should look at next.
        cause: Why, where what happened is an answer of Google's and its cause is known.

    Attributes:
        link: Where the chain broke.
    """

    link: ClassVar[Link]

    def __init__(self, what: str, look_at: str, cause: str = "") -> None:
        why = f" Cause: {cause}." if cause else ""
        super().__init__(f"{self.link.value} failed: {what.rstrip('. ')}.{why} Check: {look_at}.")
        self.what = what
        self.look_at = look_at
        self.cause = cause


class ConfigurationError(ReaderError):
    """The function's own variables or its credential configuration are invalid."""

    link = Link.CONFIGURATION


class SubjectTokenError(ReaderError):
    """The signed GetCallerIdentity request could not be made."""

    link = Link.SUBJECT_TOKEN


class TokenExchangeError(ReaderError):
    """Google STS refused the subject token."""

    link = Link.TOKEN_EXCHANGE


class ImpersonationError(ReaderError):
    """IAM Credentials refused the federated token."""

    link = Link.IMPERSONATION


class JobCreationError(ReaderError):
    """BigQuery refused the job."""

    link = Link.JOB_CREATION


class TableAccessError(ReaderError):
    """BigQuery refused the table."""

    link = Link.TABLE_ACCESS


class ParameterError(ReaderError):
    """A value can't be a query's parameter. Nothing was sent."""

    link = Link.PARAMETERS


class QueryError(ReaderError):
    """The query ran and failed, or would bill too much, or its rows can't be read."""

    link = Link.QUERY


class NetworkError(ReaderError):
    """A service could not be reached, or did not answer in time."""

    link = Link.NETWORK


class FunctionError(ReaderError):
    """The function can't be called, did not end in time, or raised what can't be shown."""

    link = Link.FUNCTION


class ResponseError(ReaderError):
    """What the function returned is not JSON-able, or too large."""

    link = Link.RESPONSE


class UnexpectedError(ReaderError):
    """Nothing that the chain is known to do: a defect."""

    link = Link.UNEXPECTED
