"""What a failed invocation ends with: an error type for each link of the chain, so that Lambda's log tells them apart.

::

    ReaderError
    ├── ConfigurationError    the function's own variables or credential configuration
    ├── SubjectTokenError     the signed GetCallerIdentity request could not be made
    ├── TokenExchangeError    Google STS refused the subject token
    ├── ImpersonationError    IAM Credentials refused the federated token
    ├── JobCreationError      BigQuery refused the job
    ├── TableAccessError      BigQuery refused the table
    ├── ParameterError        a value can't be a query's parameter: nothing was sent
    ├── QueryError            the job ran and failed, or would bill too much, or its rows can't be read
    ├── NetworkError          a service could not be reached, or did not answer in time
    ├── FunctionError         the function can't be called, or did not end in time
    ├── ResponseError         what the function returned can't be handed on
    └── UnexpectedError       none of these: a defect

Standard library only.
"""

from __future__ import annotations

import dataclasses
import enum


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


@dataclasses.dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """Where the chain broke.

    Args:
        link: The link.
        what: What happened there.
        look_at: What a person should look at next.
    """

    link: Link
    what: str
    look_at: str

    def __str__(self) -> str:
        return f"{self.link.value} failed: {self.what.rstrip('.')}. Check: {self.look_at}."


class ReaderError(Exception):
    """A failed invocation. Its text is the log line, and carries no secret.

    Args:
        diagnosis: Where the chain broke.
    """

    def __init__(self, diagnosis: Diagnosis) -> None:
        super().__init__(str(diagnosis))
        self.diagnosis = diagnosis


class ConfigurationError(ReaderError):
    """The function's own variables or its credential configuration are invalid."""


class SubjectTokenError(ReaderError):
    """The signed GetCallerIdentity request could not be made."""


class TokenExchangeError(ReaderError):
    """Google STS refused the subject token."""


class ImpersonationError(ReaderError):
    """IAM Credentials refused the federated token."""


class JobCreationError(ReaderError):
    """BigQuery refused the job."""


class TableAccessError(ReaderError):
    """BigQuery refused the table."""


class ParameterError(ReaderError):
    """A value can't be a query's parameter. Nothing was sent."""


class QueryError(ReaderError):
    """The query ran and failed, or would bill too much, or its rows can't be read."""


class NetworkError(ReaderError):
    """A service could not be reached, or did not answer in time."""


class FunctionError(ReaderError):
    """The function can't be called, did not end in time, or raised what can't be shown."""


class ResponseError(ReaderError):
    """What the function returned is not JSON-able, or too large."""


class UnexpectedError(ReaderError):
    """Nothing that the chain is known to do: a defect."""


_TYPES: dict[Link, type[ReaderError]] = {
    Link.CONFIGURATION: ConfigurationError,
    Link.SUBJECT_TOKEN: SubjectTokenError,
    Link.TOKEN_EXCHANGE: TokenExchangeError,
    Link.IMPERSONATION: ImpersonationError,
    Link.JOB_CREATION: JobCreationError,
    Link.TABLE_ACCESS: TableAccessError,
    Link.PARAMETERS: ParameterError,
    Link.QUERY: QueryError,
    Link.NETWORK: NetworkError,
    Link.FUNCTION: FunctionError,
    Link.RESPONSE: ResponseError,
    Link.UNEXPECTED: UnexpectedError,
}


def error_for(diagnosis: Diagnosis) -> ReaderError:
    """The error to raise for a diagnosis."""
    return _TYPES[diagnosis.link](diagnosis)
