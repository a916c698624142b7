"""Two environments, what a function in them reads, and what an ``up`` would do to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from pulumi.automation import EngineEvent, OpType

from keyless_bigquery.components import outputs
from pulumi_offline.stack_harness import StackHarness

Plan = Mapping[str, str]
"""What happens first to each resource that doesn't stay as it is, by its logical name.

create, update, delete, or replace: a new one is made, and the old one deleted later. The other way round is a gap.
"""

_OPERATIONS = {
    OpType.CREATE: "create",
    OpType.UPDATE: "update",
    OpType.REPLACE: "replace",
    OpType.CREATE_REPLACEMENT: "replace",
    OpType.DELETE_REPLACED: "gap",
    OpType.DELETE: "delete",
}


@dataclass(frozen=True, kw_only=True)
class Environments:
    """A disposable environment and a protected one, both up and with rows."""

    dev: StackHarness
    prod: StackHarness

    @property
    def holdings(self) -> set[str]:
        return self.dev.holdings()


def reads(stage: StackHarness, *, region: str | None = None) -> bool:
    """Whether a cold function reads.

    Args:
        stage: The function's stack, after its latest ``up``.
        region: Where the function is, if not in the local cloud's own region.
    """
    name = stage.output(outputs.FUNCTION_NAME)
    client = aws(stage, "lambda", region or stage.cloud.aws_region)
    memory = client.get_function_configuration(FunctionName=name)["MemorySize"]
    client.update_function_configuration(FunctionName=name, MemorySize=memory)
    answer = client.invoke(FunctionName=name, Payload=b"{}")
    return "FunctionError" not in answer


def aws(stage: StackHarness, service: str, region: str) -> Any:
    """A client of the local AWS in any region."""
    environment = stage.cloud.environment()
    return boto3.client(
        service,
        endpoint_url=stage.cloud.aws_url,
        region_name=region,
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
    )


def plan(stage: StackHarness, *, refresh: bool = False) -> Plan:
    """What ``up`` would do to the resources of either cloud, read from a real preview, perhaps of ``--refresh``."""
    events: list[EngineEvent] = []
    stage.stack.preview(on_event=events.append, refresh=refresh)
    found: dict[str, str] = {}
    for event in events:
        if event.resource_pre_event is not None:
            metadata = event.resource_pre_event.metadata
            kind = metadata.type
            if metadata.op in _OPERATIONS and not kind.startswith(("keyless:", "pulumi:")):
                found.setdefault(metadata.urn.rpartition("::")[2], _OPERATIONS[metadata.op])
    return found
