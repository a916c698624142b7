"""From the environment to the printed rows: the same in Lambda and in a container."""

from __future__ import annotations

import os

from lambda_src.access_token import AccessToken, TokenSource
from lambda_src.aws_credentials import Supplier
from lambda_src.bigquery_client import BigQueryReader
from lambda_src.credentials import CredentialConfiguration
from lambda_src.environment import Environment, secrets_in
from lambda_src.errors import ReaderError
from lambda_src.query import print_rows


class Reading:
    """Reads the table that the environment names, as often as one thread asks it to, with one client and its token.

    The client is made at the first reading; one that could not be made is tried again by the next.

    Args:
        supplier: Where the role's session comes from; ``None``: what AWS put into this process's environment.
        token: The token, if it is being fetched already; it has a supplier of its own.
    """

    def __init__(self, supplier: Supplier | None = None, token: AccessToken | None = None) -> None:
        self._supplier = supplier
        self._token = token
        self._reader: BigQueryReader | None = None

    def print_rows(self, *, milliseconds: int) -> ReaderError | None:
        """Prints the rows to standard output.

        Args:
            milliseconds: The time there is, less a second and a half in which to say what happened.

        Returns:
            Why the rows could not be had, free of secrets and of the libraries' own errors, which hold requests with
            their headers; ``None``: they were printed.
        """
        try:
            reader = self._reader = self._reader or self._made()
            with reader.invocation(milliseconds):
                print_rows(reader.rows, table=reader.table, columns=reader.columns)
        except Exception as error:  # noqa: BLE001 - the one boundary: whatever it is, it must not reach the log as it is
            # Imported here: a start that goes well does without.
            from lambda_src.diagnosis import failure

            held = self._token.secrets if self._token else ()
            return failure(error, secrets=[*secrets_in(os.environ), *held])
        return None

    def _made(self) -> BigQueryReader:
        environment = Environment.from_environ(os.environ)
        if self._token is None:
            configuration = CredentialConfiguration.from_file(environment.credentials_file)
            self._token = AccessToken(TokenSource(configuration, self._supplier))
        return BigQueryReader(environment, self._token)
