"""What a process has one of: the token, and the reader that uses it. Both outlive an invocation."""

from __future__ import annotations

import os

from keyless_bigquery.runtime.access_token import AccessToken, TokenSource
from keyless_bigquery.runtime.bigquery_client import BigQueryReader
from keyless_bigquery.runtime.credentials import CredentialConfiguration
from keyless_bigquery.runtime.environment import Environment, secrets_in


class Process:
    """The process's token and reader.

    The reader is made by the first invocation that needs it, so that a snapshot holds no client and no connection; one
    that could not be made is tried again by the next.
    """

    def __init__(self) -> None:
        self.token: AccessToken | None = None
        self._reader: BigQueryReader | None = None

    def reader(self) -> BigQueryReader:
        """The reader.

        Raises:
            keyless_bigquery.runtime.errors.ConfigurationError: The variables or the credential configuration are
                invalid.
        """
        if self._reader is None:
            environment = Environment.from_environ(os.environ)
            if self.token is None:
                configuration = CredentialConfiguration.from_file(environment.credentials_file)
                self.token = AccessToken(TokenSource(configuration))
            self._reader = BigQueryReader(environment, self.token)
        return self._reader

    @property
    def secrets(self) -> list[str]:
        """Values that must not be logged."""
        return [*secrets_in(os.environ), *(self.token.secrets if self.token else ())]


PROCESS = Process()
"""This process's."""
