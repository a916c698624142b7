"""The role's session from boto3, for whatever source AWS has: IRSA on EKS, EC2's instance profile, a profile, SSO."""

from __future__ import annotations

import os

import boto3
import google.auth.aws
import google.auth.exceptions
from botocore.exceptions import BotoCoreError, ClientError

from keyless_bigquery.runtime.aws_credentials import Supplier
from keyless_bigquery.runtime.environment import AWS_REGIONS


class Boto3Supplier(Supplier):
    """Asks boto3, which renews the session in time and keeps it until then.

    Where boto3 would assume a role by itself, ``AWS_ROLE_SESSION_NAME`` names the session: it is the last part of the
    subject that Google sees.
    """

    def __init__(self) -> None:
        # boto3 by itself reads the second of the two variables only.
        self._session = boto3.Session(region_name=next(filter(None, map(os.environ.get, AWS_REGIONS)), None))

    def get_aws_security_credentials(self, context: object, request: object) -> google.auth.aws.AwsSecurityCredentials:
        """The session.

        Raises:
            google.auth.exceptions.RefreshError: boto3 has none, or only an IAM user's keys.
        """
        del context, request
        try:
            found = self._session.get_credentials()
            keys = found.get_frozen_credentials() if found else None
        except (BotoCoreError, ClientError) as error:
            raise google.auth.exceptions.RefreshError(f"boto3 gave no session: {error}") from error  # type: ignore[no-untyped-call]  # google-auth has no types
        if keys is None or not keys.token:
            raise google.auth.exceptions.RefreshError("boto3 found no role's session")  # type: ignore[no-untyped-call]  # google-auth has no types
        return google.auth.aws.AwsSecurityCredentials(keys.access_key, keys.secret_key, keys.token)

    def get_aws_region(self, context: object, request: object) -> str:
        """The region.

        Raises:
            google.auth.exceptions.RefreshError: Neither a variable nor boto3's own settings name one.
        """
        del context, request
        if not self._session.region_name:
            raise google.auth.exceptions.RefreshError(f"no region: set {AWS_REGIONS[0]}")  # type: ignore[no-untyped-call]  # google-auth has no types
        return str(self._session.region_name)
