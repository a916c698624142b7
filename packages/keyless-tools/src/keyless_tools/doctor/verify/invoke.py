"""Invokes a function once, and waits for its end."""

from __future__ import annotations

import base64
import json
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from keyless_bigquery.attempt import Attempt, Failure, of_answer, of_refusal

_CONNECT_SECONDS = 5
_MARGIN_SECONDS = 15


class Invoker:
    """Invokes functions with the rights of a session.

    Args:
        session: Whose rights count, and the functions' region.
        endpoint: Base URL that serves every AWS API; ``None``: AWS's public hosts.
        timeout_seconds: Longest time limit of a function among those that will be invoked.
    """

    def __init__(self, session: boto3.Session, *, endpoint: str | None, timeout_seconds: int) -> None:
        # Tried once: an invocation that got no answer may still have run.
        config = Config(
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=timeout_seconds + _MARGIN_SECONDS,
            retries={"total_max_attempts": 1},
        )
        self._client: Any = session.client("lambda", endpoint_url=endpoint, config=config)

    def invoke(self, function: str, event: object) -> Attempt:
        """Invokes a function.

        Args:
            function: Its name, perhaps with an alias.
            event: Anything that is JSON-able.
        """
        try:
            answer = self._client.invoke(FunctionName=function, Payload=json.dumps(event).encode(), LogType="Tail")
            # At most Lambda's 6 MB.
            payload = answer["Payload"].read().decode(errors="replace")
        except ClientError as error:
            return of_refusal(error.response["Error"]["Code"], error.response["Error"].get("Message", ""))
        except (BotoCoreError, ResponseParserError) as error:
            told = f"AWS can't be asked: {error}"
            failure = Failure(kind=type(error).__name__, told=told, may_pass=False, ran=False)
            return Attempt(payload="", log="", failure=failure)
        log = base64.b64decode(answer.get("LogResult", "")).decode(errors="replace")
        return of_answer(log=log, failed="FunctionError" in answer, payload=payload)
