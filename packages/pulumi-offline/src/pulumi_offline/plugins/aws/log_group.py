"""CloudWatch log groups.

Requests: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pulumi_offline.plugins.aws.api import AwsApi, aws_errors, unless_gone
from pulumi_offline.plugins.aws.tags import tag_changes
from pulumi_offline.plugins.kind import Created, Edit, Kind, read_back
from pulumi_offline.plugins.values import Properties


class LogGroup(Kind):
    """A log group and how long it keeps what is written."""

    resource_type = "aws:cloudwatch/logGroup:LogGroup"
    inputs = frozenset({"name", "retentionInDays", "skipDestroy", "tags"})
    replace_on = frozenset({"name"})
    client_side = frozenset({"skipDestroy"})
    defaults: ClassVar[Mapping[str, Any]] = {"retentionInDays": 0, "skipDestroy": False, "tags": {}}
    autoname = "name"

    def __init__(self, api: AwsApi) -> None:
        self._api = api

    @property
    def _logs(self) -> Any:  # noqa: ANN401 (botocore makes its clients' methods at run time)
        return self._api.client("logs")

    def create(self, inputs: Properties) -> Created:
        """CreateLogGroup, then the retention. A group that exists is an error: nothing is adopted."""
        name = inputs["name"]
        with aws_errors():
            self._logs.create_log_group(logGroupName=name, tags=inputs.get("tags", {}))
        self._keep(name, inputs.get("retentionInDays", 0))
        return Created(id=name, state=self._read_again(name, inputs))

    def read(self, resource_id: str, state: Properties) -> Properties | None:
        """DescribeLogGroups with the whole name as prefix."""
        with aws_errors():
            found = self._logs.describe_log_groups(logGroupNamePrefix=resource_id)["logGroups"]
            live = next((group for group in found if group["logGroupName"] == resource_id), None)
            if live is None:
                return None
            tags = self._logs.list_tags_log_group(logGroupName=resource_id).get("tags", {})
        return {
            "name": resource_id,
            "retentionInDays": live.get("retentionInDays", 0),
            "arn": live["arn"].removesuffix(":*"),
            "tags": tags,
            "tagsAll": tags,
            "skipDestroy": state.get("skipDestroy", False),
        }

    def update(self, edit: Edit) -> Properties:
        """Retention and tags change in place."""
        if "retentionInDays" in edit.changes:
            self._keep(edit.id, edit.inputs.get("retentionInDays", 0))
        if "tags" in edit.changes:
            removed, wanted = tag_changes(edit)
            with aws_errors():
                if removed:
                    self._logs.untag_log_group(logGroupName=edit.id, tags=removed)
                if wanted:
                    self._logs.tag_log_group(logGroupName=edit.id, tags=wanted)
        return self._read_again(edit.id, edit.inputs)

    def delete(self, resource_id: str, state: Properties) -> None:
        """DeleteLogGroup, unless `skipDestroy` keeps the log."""
        if state.get("skipDestroy"):
            return
        unless_gone(lambda: self._logs.delete_log_group(logGroupName=resource_id))

    def _keep(self, name: str, days: int) -> None:
        with aws_errors():
            if days:
                self._logs.put_retention_policy(logGroupName=name, retentionInDays=days)
            else:
                self._logs.delete_retention_policy(logGroupName=name)

    def _read_again(self, name: str, inputs: Properties) -> Properties:
        return read_back(self.read(name, inputs), f"log group {name}")
