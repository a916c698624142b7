"""A clock for a reader: EventBridge starts the function, and nothing else is allowed to by it."""

from __future__ import annotations

import dataclasses

import pulumi
import pulumi_aws as aws

from infra import children


@dataclasses.dataclass(frozen=True, kw_only=True)
class ScheduleArgs:
    """What the schedule is made from.

    Args:
        expression: ``rate(…)`` or ``cron(…)``, in UTC.
        region: The AWS region, which is the function's.
        function_name: Name of the function, which the rule's own name is made of.
        target_arn: ARN of the function, or of its alias.
        qualifier: Name of that alias; ``None``: the function itself.
        suffix: What the logical names end in, so that each reader has its own.
    """

    expression: str
    region: str
    function_name: pulumi.Input[str]
    target_arn: pulumi.Input[str]
    qualifier: str | None
    suffix: str


class Schedule(pulumi.ComponentResource):
    """The rule, its target, and the permission of exactly this rule to start exactly this function."""

    def __init__(
        self,
        name: str,
        args: ScheduleArgs,
        *,
        provider: aws.Provider,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("keyless:infra:Schedule", name, None, opts)
        child = children.options(self, provider)
        rule = aws.cloudwatch.EventRule(
            f"schedule{args.suffix}",
            name=args.function_name,
            region=args.region,
            description="Starts one function that reads BigQuery.",
            schedule_expression=args.expression,
            # Left out, a rule that was disabled by hand would stay so, unseen.
            state="ENABLED",
            opts=child,
        )
        allowed = aws.lambda_.Permission(
            f"may-start-function{args.suffix}",
            statement_id="schedule",
            region=args.region,
            action="lambda:InvokeFunction",
            function=args.function_name,
            qualifier=args.qualifier,
            principal="events.amazonaws.com",
            source_arn=rule.arn,
            opts=child,
        )
        aws.cloudwatch.EventTarget(
            f"scheduled-function{args.suffix}",
            rule=rule.name,
            target_id="function",
            region=args.region,
            arn=args.target_arn,
            opts=children.options(self, provider, depends_on=[allowed]),
        )
        self.register_outputs({})
