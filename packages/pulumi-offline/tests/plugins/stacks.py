"""Stacks of the real engine, with inline programs, in a workspace that holds the stand-in plugins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pulumi
import pulumi_aws as aws
import pulumi_gcp as gcp
from pulumi import automation

from pulumi_offline.engine.event_stack import EventStack
from pulumi_offline.engine.workspace import Workspace

ACCOUNT = "210987654321"
PROJECT = "local-keyless"
Program = Callable[[], None]


@dataclass(kw_only=True)
class Deployment:
    """One stack. Its program can change from one `up` to the next."""

    stack: automation.Stack

    @classmethod
    def make(cls, workspace: Workspace, folder: Path, variables: Mapping[str, str]) -> Deployment:
        folder.mkdir(exist_ok=True)
        stack = EventStack(
            "test",
            automation.LocalWorkspace(
                work_dir=str(folder),
                project_settings=automation.ProjectSettings(name="plugins", runtime="python"),
                pulumi_command=workspace.command(),
                env_vars={**variables, **workspace.environment()},
                program=lambda: None,
            ),
        )
        return cls(stack=stack)

    def preview(self, program: Program) -> dict[str, int]:
        """How many steps of each kind are planned."""
        self.stack.workspace.program = program
        return _counts(self.stack.preview().change_summary)

    def up(self, program: Program, *, refresh: bool = False) -> dict[str, int]:
        """How many steps of each kind were made."""
        self.stack.workspace.program = program
        return _counts(self.stack.up(refresh=refresh).summary.resource_changes)

    def forget(self) -> None:
        """Leave everything where it is, and the stack as if nothing had been deployed."""
        state = self.stack.export_stack()
        self.stack.import_stack(
            automation.Deployment(version=state.version, deployment={**(state.deployment or {}), "resources": []})
        )

    def output(self, name: str) -> object:
        return self.stack.outputs()[name].value

    def destroy(self) -> dict[str, int]:
        return _counts(self.stack.destroy().summary.resource_changes)


def _counts(changes: Mapping[automation.OpType, int] | None) -> dict[str, int]:
    """The engine's operations, which are enumerations or plain text, as plain text."""
    return {str(getattr(kind, "value", kind)): count for kind, count in (changes or {}).items()}


def adopting(program: Program, ids: Mapping[str, str]) -> Program:
    """The program, which imports the resources of these names instead of making them."""

    def adopt(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if args.name not in ids:
            return None
        imported = pulumi.ResourceOptions(import_=ids[args.name])
        return pulumi.ResourceTransformationResult(args.props, pulumi.ResourceOptions.merge(args.opts, imported))

    def program_that_adopts() -> None:
        pulumi.runtime.register_stack_transformation(adopt)
        program()

    return program_that_adopts


def google_provider(url: str, name: str = "google") -> gcp.Provider:
    return gcp.Provider(
        name,
        project=PROJECT,
        add_pulumi_attribution_label=False,
        batching=gcp.ProviderBatchingArgs(enable_batching=True, send_after="100ms"),
        iam_beta_custom_endpoint=f"{url}/v1/",
        service_usage_custom_endpoint=f"{url}/v1beta1/",
        resource_manager_custom_endpoint=f"{url}/v1/",
        big_query_custom_endpoint=f"{url}/bigquery/v2/",
        cloud_billing_custom_endpoint=f"{url}/v1/",
    )


def aws_provider(url: str, *, allowed: str = ACCOUNT) -> aws.Provider:
    return aws.Provider(
        "aws",
        region="us-east-1",
        allowed_account_ids=[allowed],
        skip_metadata_api_check=True,
        endpoints=[aws.ProviderEndpointArgs(iam=url, lambda_=url, logs=url, sts=url, cloudwatchevents=url)],
    )
