"""EventBridge rules that run by the clock, and whom they call.

Requests: https://docs.aws.amazon.com/eventbridge/latest/APIReference/
"""

from __future__ import annotations

from abc import abstractmethod

from pulumi_offline.plugins.aws.base import AwsKind, in_the_program, on_the_wire, retag, tag_list, tag_map
from pulumi_offline.plugins.errors import PluginError
from pulumi_offline.plugins.kind import Edit, Inputs, named
from pulumi_offline.plugins.values import Properties

DEFAULT_BUS = "default"


class _OnBus(AwsKind):
    """What rule and target share."""

    service = "events"

    @abstractmethod
    def _put(self, inputs: Properties) -> None:
        """Write all of it."""

    def make(self, inputs: Properties) -> str:
        """Put it."""
        self._put(inputs)
        return self.id_of("", inputs)

    def change(self, edit: Edit) -> None:
        """Put all of it again."""
        self._put(edit.inputs)


class EventRule(_OnBus):
    """A rule with a schedule. Its id is its name, on another bus than the default one `BUS/NAME`."""

    resource_type = "aws:cloudwatch/eventRule:EventRule"
    inputs = Inputs(
        replace=named("name eventBusName"),
        defaults={"description": "", "scheduleExpression": "", "eventBusName": DEFAULT_BUS, "tags": {}},
        client_side={"forceDestroy": False},
        kept=named("state"),
    )
    autoname = "name"
    import_id = (r"(?:(?P<eventBusName>.+)/)?(?P<name>[^/]+)", "NAME or BUS/NAME")

    def id_of(self, resource_id: str, live: Properties) -> str:
        """The name alone on the default bus."""
        del resource_id
        bus = _bus(live)
        return str(live["name"]) if bus == DEFAULT_BUS else f"{bus}/{live['name']}"

    def _put(self, inputs: Properties) -> None:
        self._ask(
            "put_rule",
            Name=inputs["name"],
            EventBusName=_bus(inputs),
            ScheduleExpression=inputs.get("scheduleExpression", ""),
            Description=inputs.get("description", ""),
            **({"State": inputs["state"]} if "state" in inputs else {}),
            **({"Tags": tag_list(inputs["tags"])} if inputs.get("tags") else {}),
        )

    def change(self, edit: Edit) -> None:
        """PutRule takes no tags for a rule that is there."""
        self._put({name: value for name, value in edit.inputs.items() if name != "tags"})
        arn = edit.state["arn"]
        retag(
            edit,
            untag=lambda keys: self._ask("untag_resource", ResourceARN=arn, TagKeys=keys),
            tag=lambda tags: self._ask("tag_resource", ResourceARN=arn, Tags=tag_list(tags)),
        )

    def read(self, resource_id: str, state: Properties) -> Properties | None:
        """DescribeRule and its tags."""
        known = state or self._imported(resource_id)
        live = self._find("describe_rule", Name=known["name"], EventBusName=_bus(known))
        if live is None:
            return None
        tags = tag_map(self._ask("list_tags_for_resource", ResourceARN=live["Arn"])["Tags"])
        return self.client_side(state) | {
            "name": known["name"],
            "eventBusName": _bus(known),
            "scheduleExpression": live.get("ScheduleExpression", ""),
            "description": live.get("Description", ""),
            "state": live["State"],
            "arn": live["Arn"],
            "tags": tags,
            "tagsAll": tags,
        }

    def remove(self, resource_id: str, state: Properties) -> None:
        """DeleteRule."""
        del resource_id
        self._find("delete_rule", Name=state["name"], EventBusName=_bus(state), Force=_force(state))


class EventTarget(_OnBus):
    """Whom a rule calls. Its id is `RULE-TARGET`; imports write `RULE/TARGET` or `BUS/RULE/TARGET`."""

    resource_type = "aws:cloudwatch/eventTarget:EventTarget"
    inputs = Inputs(
        replace=named("rule targetId eventBusName"),
        defaults={"input": "", "eventBusName": DEFAULT_BUS, "retryPolicy": {}},
        client_side={"forceDestroy": False},
        kept=named("arn"),
    )
    autoname = "targetId"
    import_id = (
        r"(?:(?P<eventBusName>.+)/)?(?P<rule>[^/]+)/(?P<targetId>[^/]+)",
        "RULE/TARGET or BUS/RULE/TARGET",
    )

    def id_of(self, resource_id: str, live: Properties) -> str:
        """As the official plugin joins them."""
        del resource_id
        bus = _bus(live)
        return "-".join([*([] if bus == DEFAULT_BUS else [bus]), live["rule"], live["targetId"]])

    def _put(self, inputs: Properties) -> None:
        target = {"Id": inputs["targetId"], "Arn": inputs["arn"]}
        if inputs.get("input"):
            target["Input"] = inputs["input"]
        if inputs.get("retryPolicy"):
            target["RetryPolicy"] = on_the_wire(inputs["retryPolicy"])
        answer = self._ask("put_targets", Rule=inputs["rule"], EventBusName=_bus(inputs), Targets=[target])
        for failure in answer.get("FailedEntries", []):
            raise PluginError(f"PutTargets {failure['TargetId']}: {failure['ErrorCode']}: {failure['ErrorMessage']}")

    def read(self, resource_id: str, state: Properties) -> Properties | None:
        """ListTargetsByRule, and in it the target of this id."""
        known = state or self._imported(resource_id)
        listed = self._pages("list_targets_by_rule", "Targets", Rule=known["rule"], EventBusName=_bus(known))
        live = next((target for target in listed if target["Id"] == known["targetId"]), None)
        if live is None:
            return None
        return self.client_side(state) | {
            "rule": known["rule"],
            "targetId": known["targetId"],
            "eventBusName": _bus(known),
            "arn": live["Arn"],
            "input": live.get("Input", ""),
            "retryPolicy": in_the_program(live.get("RetryPolicy", {})),
        }

    def remove(self, resource_id: str, state: Properties) -> None:
        """RemoveTargets."""
        del resource_id
        place = {"Rule": state["rule"], "EventBusName": _bus(state)}
        self._find("remove_targets", Ids=[state["targetId"]], Force=_force(state), **place)


def _bus(properties: Properties) -> str:
    return str(properties.get("eventBusName", DEFAULT_BUS))


def _force(state: Properties) -> bool:
    return bool(state.get("forceDestroy"))
