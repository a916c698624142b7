"""Roles of the local AWS account: made for a test, and taken on as a function or a workload would."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from federation_emulator.core.endpoints import Endpoints
from federation_emulator.expected import ExpectedError

if TYPE_CHECKING:
    from botocore.client import BaseClient

SESSION = "local-session"
"""Session name of a role that is taken on here; the last part of the caller's ARN."""

_CALL_LIMIT_SECONDS = 10.0


class RoleError(ExpectedError):
    """The local AWS did not give the role; the text is one line for the user."""


@dataclass(frozen=True, kw_only=True)
class SessionKeys:
    """Credentials of a role's session."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    expires: datetime
    region: str

    def environment(self) -> dict[str, str]:
        """The variables in which every AWS SDK, and every Google client, looks for them."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
            "AWS_SESSION_TOKEN": self.session_token,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
        }


def make_roles(endpoints: Endpoints, names: Iterable[str]) -> None:
    """Make roles that the account itself may take on; one that is there stays as it is; raises :class:`RoleError`."""
    iam: Any = None
    for name in names:
        iam = iam or _client(endpoints, "iam")
        statement = {"Effect": "Allow", "Principal": {"AWS": endpoints.aws_account_id}, "Action": "sts:AssumeRole"}
        trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        with _reported(f"role {name} was not made"), contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)


def take_on(endpoints: Endpoints, role: str, *, session: str = SESSION) -> SessionKeys:
    """Take on a role of the account.

    Raises:
        RoleError: There is no such role, or the local AWS did not answer.
    """
    fix = "name it under aws.roles in the seed, or make it with `aws iam create-role`"
    with _reported(f"role {role} can't be taken on ({fix})"):
        _client(endpoints, "iam").get_role(RoleName=role)
        arn = f"arn:aws:iam::{endpoints.aws_account_id}:role/{role}"
        made = _client(endpoints, "sts").assume_role(RoleArn=arn, RoleSessionName=session)["Credentials"]
    return SessionKeys(
        access_key_id=made["AccessKeyId"],
        secret_access_key=made["SecretAccessKey"],
        session_token=made["SessionToken"],
        expires=made["Expiration"],
        region=endpoints.aws_region,
    )


@contextlib.contextmanager
def _reported(what: str) -> Iterator[None]:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise RoleError(f"{what}: {error}") from error


def _client(endpoints: Endpoints, service: str) -> BaseClient:
    # Imported late: it takes as long as everything else together.
    import boto3
    from botocore.config import Config

    return boto3.client(
        service,
        endpoint_url=endpoints.aws_url,
        region_name=endpoints.aws_region,
        # The account's owner, whose secret is the same in every local AWS.
        aws_access_key_id=endpoints.aws_account_id,
        aws_secret_access_key="test",  # noqa: S106  (ministack's own, for every account)
        config=Config(
            connect_timeout=_CALL_LIMIT_SECONDS, read_timeout=_CALL_LIMIT_SECONDS, retries={"total_max_attempts": 1}
        ),
    )
