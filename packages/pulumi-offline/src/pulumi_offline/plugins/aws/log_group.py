"""CloudWatch log groups.

Requests: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/
"""

from __future__ import annotations

from pulumi_offline.plugins.aws.base import AwsKind, retag
from pulumi_offline.plugins.kind import Edit, Inputs, named
from pulumi_offline.plugins.values import Properties


class LogGroup(AwsKind):
    """A log group and how long it keeps what is written."""

    resource_type = "aws:cloudwatch/logGroup:LogGroup"
    service = "logs"
    inputs = Inputs(
        replace=named("name"), defaults={"retentionInDays": 0, "tags": {}}, client_side={"skipDestroy": False}
    )
    autoname = "name"
    import_id = (r"(?P<logGroupName>.+)", "NAME")
    deletes = "delete_log_group"

    def make(self, inputs: Properties) -> str:
        """CreateLogGroup, then the retention. A group that exists is an error: nothing is adopted."""
        self._ask("create_log_group", logGroupName=inputs["name"], tags=inputs.get("tags", {}))
        self._keep(inputs["name"], inputs.get("retentionInDays", 0))
        return str(inputs["name"])

    def read(self, resource_id: str, state: Properties) -> Properties | None:
        """DescribeLogGroups with the whole name as prefix."""
        found = self._ask("describe_log_groups", logGroupNamePrefix=resource_id)["logGroups"]
        live = next((group for group in found if group["logGroupName"] == resource_id), None)
        if live is None:
            return None
        arn = live["arn"].removesuffix(":*")
        tags = self._ask("list_tags_for_resource", resourceArn=arn).get("tags", {})
        return self.client_side(state) | {
            "name": resource_id,
            "retentionInDays": live.get("retentionInDays", 0),
            "arn": arn,
            "tags": tags,
            "tagsAll": tags,
        }

    def change(self, edit: Edit) -> None:
        """Retention and tags change in place."""
        if "retentionInDays" in edit.changes:
            self._keep(edit.id, edit.inputs.get("retentionInDays", 0))
        arn = edit.state["arn"]
        retag(
            edit,
            untag=lambda keys: self._ask("untag_resource", resourceArn=arn, tagKeys=keys),
            tag=lambda tags: self._ask("tag_resource", resourceArn=arn, tags=tags),
        )

    def _keep(self, name: str, days: int) -> None:
        if days:
            self._ask("put_retention_policy", logGroupName=name, retentionInDays=days)
        else:
            self._ask("delete_retention_policy", logGroupName=name)
