"""Roles of the local AWS account: made for a test, and taken on as a function or a workload would."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlencode
from xml.etree import ElementTree

from federation_emulator.core.endpoints import Endpoints
from federation_emulator.core.loopback import NO_ANSWER, ask
from federation_emulator.expected import ExpectedError
from federation_emulator.library import signed_headers

SESSION = "local-session"
"""Session name of a role that is taken on here; the last part of the caller's ARN."""

_CALL_LIMIT_SECONDS = 10.0
_ALREADY_THERE = "EntityAlreadyExists"
_VERSIONS = {"iam": "2010-05-08", "sts": "2011-06-15"}
"""Of the two APIs. Source: IAM API and AWS STS API, "Common Parameters"."""


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


@dataclass(frozen=True, kw_only=True)
class _Owner:
    """The account's owner, whose secret is the same in every local AWS: ministack's own, for every account."""

    access_key_id: str
    secret_access_key: str = "test"  # noqa: S105  (no secret, see above)
    session_token: None = None


def make_roles(endpoints: Endpoints, names: Iterable[str]) -> None:
    """Make roles that the account itself may take on; one that is there stays as it is; raises :class:`RoleError`."""
    statement = {"Effect": "Allow", "Principal": {"AWS": endpoints.aws_account_id}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    for name in names:
        parameters = {"RoleName": name, "AssumeRolePolicyDocument": trust}
        _call(endpoints, "iam", "CreateRole", parameters, failed=f"role {name} was not made", fine=_ALREADY_THERE)


def take_on(endpoints: Endpoints, role: str, *, session: str = SESSION) -> SessionKeys:
    """Take on a role of the account.

    Raises:
        RoleError: There is no such role, or the local AWS did not answer.
    """
    fix = "name it under aws.roles in the seed, or make it with `aws iam create-role`"
    failed = f"role {role} can't be taken on ({fix})"
    _call(endpoints, "iam", "GetRole", {"RoleName": role}, failed=failed)
    arn = f"arn:aws:iam::{endpoints.aws_account_id}:role/{role}"
    made = _call(endpoints, "sts", "AssumeRole", {"RoleArn": arn, "RoleSessionName": session}, failed=failed)
    return SessionKeys(
        access_key_id=made["AccessKeyId"],
        secret_access_key=made["SecretAccessKey"],
        session_token=made["SessionToken"],
        expires=datetime.fromisoformat(made["Expiration"]),
        region=endpoints.aws_region,
    )


def _call(
    endpoints: Endpoints, service: str, action: str, parameters: Mapping[str, str], *, failed: str, fine: str = ""
) -> dict[str, str]:
    """Call the local AWS as the account's owner, in the Query protocol; ``fine`` is an error that does no harm.

    Returns:
        The text of each element of the answer, by its name.
    """
    if not endpoints.aws_url:
        raise RoleError(f"{failed}: this local cloud runs without an AWS; start it without `--without aws`")
    body = urlencode({"Action": action, "Version": _VERSIONS[service], **parameters})
    url, now = f"{endpoints.aws_url}/", datetime.now(UTC)
    owner = _Owner(access_key_id=endpoints.aws_account_id)
    headers = signed_headers(owner, url=url, region=endpoints.aws_region, body=body, now=now, service=service)
    try:
        answer = ask("POST", url, body=body.encode(), headers=headers, limit_seconds=_CALL_LIMIT_SECONDS)
        found = {one.tag.rpartition("}")[2]: one.text or "" for one in ElementTree.fromstring(answer.body).iter()}  # noqa: S314  (of the local AWS)
    except (*NO_ANSWER, ElementTree.ParseError) as error:
        raise RoleError(f"{failed}: no answer at {url} ({type(error).__name__}: {error})") from error
    if not answer.good and found.get("Code") != (fine or None):
        raise RoleError(f"{failed}: {found.get('Code')}: {found.get('Message')}")
    return found
