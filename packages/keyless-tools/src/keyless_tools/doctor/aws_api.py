"""AWS's APIs, read only: the few actions that the doctor needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from keyless_tools.doctor.answer import JSON, Absent, Answer, Found, Silent, T
from keyless_tools.doctor.aws_reasons import meaning

_STREAMS, _EVENTS = 3, 100
_CONFIG = Config(connect_timeout=5, read_timeout=20, retries={"total_max_attempts": 2, "mode": "standard"})


class AwsApi:
    """Reads, with the rights of a session that has the function's region.

    Args:
        session: The session. Clients are made when they are first used.
        endpoint: Base URL that serves every AWS API; ``None``: AWS's public hosts.
    """

    def __init__(self, session: boto3.Session, *, endpoint: str | None) -> None:
        self._session = session
        self._endpoint = endpoint
        self._clients: dict[str, Any] = {}

    def account(self) -> Answer[str]:
        """Id of the account whose credentials these are. Any principal may ask that."""
        return self._look("sts:GetCallerIdentity", lambda: str(self._client("sts").get_caller_identity()["Account"]))

    def function(self, name: str) -> Answer[JSON]:
        """A function, with its configuration and an address of its package."""
        return self._look(
            "lambda:GetFunction", lambda: _with("Configuration", self._client("lambda").get_function(FunctionName=name))
        )

    def role(self, name: str) -> Answer[JSON]:
        """A role, with its trust policy."""
        return self._look("iam:GetRole", lambda: self._client("iam").get_role(RoleName=name)["Role"])

    def role_policies(self, name: str) -> Answer[JSON]:
        """Names of a role's inline policies, ARNs of those that are attached to it."""
        inline = self._all_pages("iam:ListRolePolicies", "iam", "list_role_policies", RoleName=name)
        if not isinstance(inline, Found):
            return inline
        attached = self._all_pages("iam:ListAttachedRolePolicies", "iam", "list_attached_role_policies", RoleName=name)
        if not isinstance(attached, Found):
            return attached
        arns = [policy["PolicyArn"] for policy in attached.value["AttachedPolicies"]]
        return Found(value={"inline": inline.value["PolicyNames"], "attached": arns})

    def function_policy(self, name: str, qualifier: str) -> Answer[JSON]:
        """The resource-based policy of a function's alias, or of itself where ``qualifier`` is empty."""
        which = {"FunctionName": name} | ({"Qualifier": qualifier} if qualifier else {})
        return self._look("lambda:GetPolicy", lambda: _with("Policy", self._client("lambda").get_policy(**which)))

    def log_group(self, name: str) -> Answer[JSON]:
        """A log group."""
        answer = self._look(
            "logs:DescribeLogGroups",
            lambda: self._client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"],
        )
        if not isinstance(answer, Found):
            return answer
        named = [group for group in answer.value if group["logGroupName"] == name]
        return Found(value=named[0]) if named else Absent()

    def newest_log(self, name: str) -> Answer[Sequence[tuple[int, str]]]:
        """The newest events of a log group, oldest first: each its time in milliseconds and its text.

        Those of the streams that were written to last: each is of one instance of the function, and several may run.
        """
        streams = self._look(
            "logs:DescribeLogStreams",
            lambda: self._client("logs").describe_log_streams(
                logGroupName=name, orderBy="LastEventTime", descending=True, limit=_STREAMS
            )["logStreams"],
        )
        if not isinstance(streams, Found):
            return streams
        found: list[tuple[int, str]] = []
        for stream in streams.value:
            which = {"logGroupName": name, "logStreamName": stream["logStreamName"], "limit": _EVENTS}
            events = self._look("logs:GetLogEvents", partial(self._events, which))
            if not isinstance(events, Found):
                return events
            # Not sorted in itself: one instance runs one invocation at a time, and writes in order.
            found = max(found, events.value, key=lambda one: one[-1][0] if one else 0)
        return Found(value=found)

    def _events(self, which: Mapping[str, Any]) -> list[tuple[int, str]]:
        answer = self._client("logs").get_log_events(**which, startFromHead=False)
        return [(int(event["timestamp"]), str(event["message"])) for event in answer["events"]]

    def _client(self, service: str) -> Any:  # noqa: ANN401 (boto3 makes its clients' methods at run time)
        if service not in self._clients:
            self._clients[service] = self._session.client(service, endpoint_url=self._endpoint, config=_CONFIG)
        return self._clients[service]

    def _all_pages(self, action: str, service: str, method: str, **arguments: str) -> Answer[JSON]:
        return self._look(
            action, lambda: self._client(service).get_paginator(method).paginate(**arguments).build_full_result()
        )

    def _look(self, action: str, read: Callable[[], T]) -> Answer[T]:
        try:
            return Found(value=read())
        except ClientError as error:
            said = error.response.get("Error") or {}
            code = str(said.get("Code") or "")
            if not (code.isascii() and code.isdigit()) and code not in {"", "Unknown"}:
                return meaning(code, str(said.get("Message", "")), action=action)
        except (ResponseParserError, KeyError):
            pass
        except BotoCoreError as error:
            return Silent(why=f"AWS can't be asked: {error!s:.200}")
        return Silent(why=f"AWS answered {action} with something that is not AWS's: a proxy's?")


def _with(key: str, answer: JSON) -> JSON:
    """An answer that has what such an answer of AWS's always has; a proxy's page is taken for an empty one.

    Raises:
        KeyError: It has not.
    """
    if key not in answer:
        raise KeyError(key)
    return answer
