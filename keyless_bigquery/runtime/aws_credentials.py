"""The role's session for google-auth, which by itself knows Lambda's variables and EC2's metadata address only.

Small on purpose: boto3 knows more sources, and is too large and too slow to import for a function. Where its others
are needed, a supplier that asks boto3 takes the place of this one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import google.auth.aws

from keyless_bigquery.runtime.deadline import TimeLimit
from keyless_bigquery.runtime.environment import AWS_SESSION, aws_region, require_aws_session

Supplier = google.auth.aws.AwsSecurityCredentialsSupplier
"""What google-auth asks for a session each time it makes a subject token."""


class RoleSessionSupplier(Supplier):
    """The session that AWS gave this process: from its variables, or else from its container credentials endpoint.

    Nothing is kept: each subject token is signed with what is there at that moment, so neither a snapshot that is
    restored days later nor a process that lives for months signs with a session that has expired.

    Args:
        environ: The process's variables, looked at anew each time.
        limit: The time that is left.
        pause: Waits for so many seconds before the endpoint is asked again.
    """

    def __init__(
        self, environ: Mapping[str, str], limit: TimeLimit, *, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._environ = environ
        self._limit = limit
        self._pause = pause

    def get_aws_security_credentials(self, context: object, request: object) -> google.auth.aws.AwsSecurityCredentials:
        """The session. google-auth's own way to send, ``request``, would go through a proxy and is not used.

        Raises:
            keyless_bigquery.runtime.errors.SubjectTokenError: There is none.
        """
        del context, request
        require_aws_session(self._environ)
        if self._environ.get(AWS_SESSION[0]):
            return google.auth.aws.AwsSecurityCredentials(*(self._environ[name] for name in AWS_SESSION))
        # Imported here: where the session is in variables, no start pays for it.
        from keyless_bigquery.runtime.container_session import session_from

        return session_from(self._environ, self._limit, pause=self._pause)

    def get_aws_region(self, context: object, request: object) -> str:
        """The region, for whose STS the subject token is signed.

        Raises:
            keyless_bigquery.runtime.errors.SubjectTokenError: It is not set.
            keyless_bigquery.runtime.errors.ConfigurationError: It is no region that Google can ask.
        """
        del context, request
        require_aws_session(self._environ)
        return aws_region(self._environ)


class Remembering(Supplier):
    """Another supplier, whose latest session is remembered, so that it can be kept out of the log.

    Attributes:
        secrets: Values that must not be logged.
    """

    def __init__(self, supplier: Supplier) -> None:
        self._supplier = supplier
        self.secrets: tuple[str, ...] = ()

    def get_aws_security_credentials(self, context: object, request: object) -> google.auth.aws.AwsSecurityCredentials:
        """As the other."""
        given: google.auth.aws.AwsSecurityCredentials = self._supplier.get_aws_security_credentials(context, request)  # type: ignore[no-untyped-call]  # google-auth has no types
        values = (given.access_key_id, given.secret_access_key, given.session_token)
        self.secrets = tuple(value for value in values if value)
        return given

    def remember(self, token: str) -> None:
        """Adds what AWS gave for the session."""
        self.secrets = (*self.secrets, token)

    def get_aws_region(self, context: object, request: object) -> str:
        """As the other."""
        return str(self._supplier.get_aws_region(context, request))  # type: ignore[no-untyped-call]  # google-auth has no types
