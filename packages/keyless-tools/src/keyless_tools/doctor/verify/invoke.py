"""Invokes a function once, and waits for its end."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from keyless_bigquery.attempt import Attempt, Failure, of_answer, of_refusal
from keyless_tools.doctor.stack import Stack

Invoke = Callable[[str, object], Attempt]
"""Invokes a function by its name, perhaps with an alias, with an event."""

_CONNECT_SECONDS = 5
_MARGIN_SECONDS = 15


def invoker_of(stack: Stack, session: boto3.Session) -> Invoke:
    """What invokes the functions of a stack with the rights of a session."""
    longest = max(reader.timeout_seconds for reader in stack.settings.readers)
    # Tried once: an invocation that got no answer may still have run.
    config = Config(
        connect_timeout=_CONNECT_SECONDS, read_timeout=longest + _MARGIN_SECONDS, retries={"total_max_attempts": 1}
    )
    client = session.client("lambda", endpoint_url=stack.settings.aws_endpoint, config=config)

    def invoke(function: str, event: object) -> Attempt:
        try:
            answer = client.invoke(FunctionName=function, Payload=json.dumps(event).encode(), LogType="Tail")
            # At most Lambda's 6 MB.
            payload = answer["Payload"].read().decode(errors="replace")
        except ClientError as error:
            return of_refusal(error.response["Error"]["Code"], error.response["Error"].get("Message", ""))
        except (BotoCoreError, ResponseParserError) as error:
            text = f"AWS can't be asked: {error}"
            failure = Failure(kind=type(error).__name__, text=text, may_pass=False, ran=False)
            return Attempt(payload="", log="", failure=failure)
        log = base64.b64decode(answer.get("LogResult", "")).decode(errors="replace")
        return of_answer(log=log, failed="FunctionError" in answer, payload=payload)

    return invoke
