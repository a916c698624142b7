"""A clock for a reader: EventBridge starts the function, and nothing else is allowed to by it."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from keyless_bigquery.components import children


class Schedule(pulumi.ComponentResource):
    """The rule, its target, and the permission of exactly this rule to start exactly this function."""

    def __init__(
        self,
        names: children.Names,
        expression: str,
        *,
        function: aws.lambda_.Function,
        alias: aws.lambda_.Alias | None,
        region: str,
        provider: pulumi.ProviderResource | None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("keyless:infra:Schedule", names.group("clock"), None, opts)
        child = children.options(self, provider)
        rule = aws.cloudwatch.EventRule(
            names("schedule"),
            name=function.name,
            region=region,
            description="Starts one function that reads BigQuery.",
            schedule_expression=expression,
            # Left out, a rule that was disabled by hand would stay so, unseen.
            state="ENABLED",
            opts=child,
        )
        allowed = aws.lambda_.Permission(
            names("may-start-function"),
            statement_id="schedule",
            region=region,
            action="lambda:InvokeFunction",
            function=function.name,
            qualifier=None if alias is None else alias.name,
            principal="events.amazonaws.com",
            source_arn=rule.arn,
            opts=child,
        )
        aws.cloudwatch.EventTarget(
            names("scheduled-function"),
            rule=rule.name,
            target_id="function",
            region=region,
            arn=function.arn if alias is None else alias.arn,
            opts=children.options(self, provider, depends_on=[allowed]),
        )
        self.register_outputs({})
