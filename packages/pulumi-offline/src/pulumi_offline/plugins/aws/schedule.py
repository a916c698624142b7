"""EventBridge rules that run by the clock, and whom they call.

Requests: https://docs.aws.amazon.com/eventbridge/latest/APIReference/
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from pulumi_offline.plugins.aws.api import AwsApi, aws_errors, unless_gone
from pulumi_offline.plugins.aws.spelling import in_the_program, on_the_wire
from pulumi_offline.plugins.aws.tags import tag_changes, tag_list
from pulumi_offline.plugins.errors import PluginError
from pulumi_offline.plugins.kind import Created, Edit, Kind, read_back
from pulumi_offline.plugins.values import Properties

DEFAULT_BUS = "default"


class _OnBus(Kind):
    """What rule and target share."""

    def __init__(self, api: AwsApi) -> None:
        self._api = api

    @property
    def _events(self) -> Any:  # noqa: ANN401 (botocore makes its clients' methods at run time)
        return self._api.client("events")

    @abstractmethod
    def _put(self, inputs: Properties) -> None:
        """Write all of it."""

    def create(self, inputs: Properties) -> Created:
        """Put it."""
        self._put(inputs)
        state = self._read_again(inputs)
        return Created(id=self.id_of("", state), state=state)

    def update(self, edit: Edit) -> Properties:
        """Put all of it again."""
        self._put(edit.inputs)
        return self._read_again(edit.inputs)

    def _read_again(self, inputs: Properties) -> Properties:
        return read_back(self.read("", inputs), f"{self.resource_type} {self.id_of('', inputs)}")


class EventRule(_OnBus):
    """A rule with a schedule. Its id is its name, on another bus than the default one `BUS/NAME`."""

    resource_type = "aws:cloudwatch/eventRule:EventRule"
    inputs = frozenset({"name", "scheduleExpression", "description", "state", "eventBusName", "forceDestroy", "tags"})
    replace_on = frozenset({"name", "eventBusName"})
    client_side = frozenset({"forceDestroy"})
    defaults: ClassVar[Mapping[str, Any]] = {
        "description": "",
        "scheduleExpression": "",
        "eventBusName": DEFAULT_BUS,
        "forceDestroy": False,
        "tags": {},
    }
    autoname = "name"

    def id_of(self, resource_id: str, live: Properties) -> str:
        """The name alone on the default bus."""
        del resource_id
        bus = live.get("eventBusName", DEFAULT_BUS)
        return str(live["name"]) if bus == DEFAULT_BUS else f"{bus}/{live['name']}"

    def _put(self, inputs: Properties) -> None:
        with aws_errors():
            self._events.put_rule(
                Name=inputs["name"],
                EventBusName=inputs.get("eventBusName", DEFAULT_BUS),
                ScheduleExpression=inputs.get("scheduleExpression", ""),
                Description=inputs.get("description", ""),
                **({"State": inputs["state"]} if "state" in inputs else {}),
                **({"Tags": tag_list(inputs["tags"])} if inputs.get("tags") else {}),
            )

    def update(self, edit: Edit) -> Properties:
        """PutRule takes no tags for a rule that is there."""
        self._put({name: value for name, value in edit.inputs.items() if name != "tags"})
        if "tags" in edit.changes:
            arn, (removed, wanted) = edit.state["arn"], tag_changes(edit)
            with aws_errors():
                if removed:
                    self._events.untag_resource(ResourceARN=arn, TagKeys=removed)
                if wanted:
                    self._events.tag_resource(ResourceARN=arn, Tags=tag_list(wanted))
        return self._read_again(edit.inputs)

    def read(self, resource_id: str, state: Properties) -> Properties | None:
        """DescribeRule and its tags."""
        bus, name = (state.get("eventBusName", DEFAULT_BUS), state["name"]) if state else _on_bus(resource_id, "NAME")
        live = unless_gone(lambda: self._events.describe_rule(Name=name, EventBusName=bus))
        if live is None:
            return None
        with aws_errors():
            listed = self._events.list_tags_for_resource(ResourceARN=live["Arn"])["Tags"]
        tags = {tag["Key"]: tag["Value"] for tag in listed}
        return {
            "name": name,
            "eventBusName": bus,
            "scheduleExpression": live.get("ScheduleExpression", ""),
            "description": live.get("Description", ""),
            "state": live["State"],
            "arn": live["Arn"],
            "tags": tags,
            "tagsAll": tags,
            "forceDestroy": state.get("forceDestroy", False),
        }

    def delete(self, resource_id: str, state: Properties) -> None:
        """DeleteRule."""
        del resource_id
        bus, force = state.get("eventBusName", DEFAULT_BUS), bool(state.get("forceDestroy"))
        unless_gone(lambda: self._events.delete_rule(Name=state["name"], EventBusName=bus, Force=force))


class EventTarget(_OnBus):
    """Whom a rule calls. Its id is `RULE-TARGET`; imports write `RULE/TARGET` or `BUS/RULE/TARGET`."""

    resource_type = "aws:cloudwatch/eventTarget:EventTarget"
    inputs = frozenset({"rule", "targetId", "arn", "input", "eventBusName", "retryPolicy", "forceDestroy"})
    replace_on = frozenset({"rule", "targetId", "eventBusName"})
    client_side = frozenset({"forceDestroy"})
    defaults: ClassVar[Mapping[str, Any]] = {
        "input": "",
        "eventBusName": DEFAULT_BUS,
        "retryPolicy": {},
        "forceDestroy": False,
    }
    autoname = "targetId"

    def id_of(self, resource_id: str, live: Properties) -> str:
        """As the official plugin joins them."""
        del resource_id
        bus = live.get("eventBusName", DEFAULT_BUS)
        return "-".join([*([] if bus == DEFAULT_BUS else [bus]), live["rule"], live["targetId"]])

    def _put(self, inputs: Properties) -> None:
        target: dict[str, Any] = {"Id": inputs["targetId"], "Arn": inputs["arn"]}
        if inputs.get("input"):
            target["Input"] = inputs["input"]
        if inputs.get("retryPolicy"):
            target["RetryPolicy"] = on_the_wire(inputs["retryPolicy"])
        bus = inputs.get("eventBusName", DEFAULT_BUS)
        with aws_errors():
            answer = self._events.put_targets(Rule=inputs["rule"], EventBusName=bus, Targets=[target])
        for failure in answer.get("FailedEntries", []):
            raise PluginError(f"PutTargets {failure['TargetId']}: {failure['ErrorCode']}: {failure['ErrorMessage']}")

    def read(self, resource_id: str, state: Properties) -> Properties | None:
        """ListTargetsByRule, and in it the target of this id."""
        if state:
            bus, rule, target_id = state.get("eventBusName", DEFAULT_BUS), state["rule"], state["targetId"]
        else:
            path, target_id = _split_last(resource_id, "RULE/TARGET")
            bus, rule = _on_bus(path, "RULE/TARGET")
        pages = self._events.get_paginator("list_targets_by_rule").paginate(Rule=rule, EventBusName=bus)
        listed = unless_gone(lambda: [target for page in pages for target in page["Targets"]])
        live = next((target for target in listed or [] if target["Id"] == target_id), None)
        if live is None:
            return None
        return {
            "rule": rule,
            "targetId": target_id,
            "eventBusName": bus,
            "arn": live["Arn"],
            "input": live.get("Input", ""),
            "retryPolicy": in_the_program(live.get("RetryPolicy", {})),
            "forceDestroy": state.get("forceDestroy", False),
        }

    def delete(self, resource_id: str, state: Properties) -> None:
        """RemoveTargets."""
        del resource_id
        bus, force = state.get("eventBusName", DEFAULT_BUS), bool(state.get("forceDestroy"))
        unless_gone(
            lambda: self._events.remove_targets(
                Rule=state["rule"], EventBusName=bus, Ids=[state["targetId"]], Force=force
            )
        )


def _on_bus(path: str, form: str) -> tuple[str, str]:
    """Bus and name from `NAME` or `BUS/NAME`; the name of a partner's bus has slashes itself."""
    bus, slash, name = path.rpartition("/")
    if not name or (slash and not bus):
        raise PluginError(f"{path!r} can't be imported; write {form} or BUS/{form}")
    return bus or DEFAULT_BUS, name


def _split_last(path: str, form: str) -> tuple[str, str]:
    before, slash, last = path.rpartition("/")
    if not slash or not before or not last:
        raise PluginError(f"{path!r} can't be imported; write {form} or BUS/{form}")
    return before, last
