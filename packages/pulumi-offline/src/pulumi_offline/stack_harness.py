"""The real program, deployed by the real engine on a local cloud: what demo and end-to-end tests act on.

Everything here goes through public interfaces: Pulumi's Automation API, boto3, and Google's HTTP APIs with the
deployer's token. Nothing reaches into the local cloud's memory.
"""

from __future__ import annotations

import base64
import dataclasses
import functools
import json
import os
import runpy
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any

import boto3
import httpx
import yaml
from botocore.client import BaseClient
from botocore.config import Config
from pulumi import automation

from federation_emulator.client.cloud import LocalCloud
from federation_emulator.core.trace import Decision
from federation_emulator.servers.process import Child
from keyless_bigquery.attempt import failed_link
from keyless_bigquery.components import outputs
from keyless_bigquery.components.program import ROOT
from keyless_bigquery.settings.reader_settings import ONLY_READER
from pulumi_offline import attached, shell
from pulumi_offline.engine.event_stack import EventStack
from pulumi_offline.engine.workspace import Workspace

STACK = "local"
"""The stack's name: ``Pulumi.local.yaml`` holds its settings."""

LOG_LIMIT = 20_000
_CALL_LIMIT_SECONDS = 30.0
_IMPERSONATOR_ROLE = "roles/iam.workloadIdentityUser"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Invocation:
    """One run of the function.

    Attributes:
        returned: What the handler returned, or the error that Lambda reports in its place.
        failed: Lambda counts it as a failure.
        log: The end of the function's own log.
        decisions: What the local Google decided meanwhile, oldest first.
    """

    returned: Any
    failed: bool
    log: str
    decisions: tuple[Decision, ...]

    @property
    def refusal(self) -> Decision | None:
        """The decision that went against the function, if one did."""
        return next((decision for decision in self.decisions if not decision.allowed), None)

    @property
    def error(self) -> str:
        """What Lambda reports of a failure, with its type where the text is not the library's; empty without one."""
        if not self.failed:
            return ""
        kind, text = (str(self.returned.get(f"error{part}", "")) for part in ("Type", "Message"))
        return text if failed_link(text) else f"{kind}: {text}"


class StackHarness(AbstractContextManager["StackHarness"]):
    """A stack on a local cloud; a context manager that ends its plugins.

    Args:
        cloud: The running local cloud.
        folder: Where project files, state and plugins of this harness go.
        settings: Config values that differ from ``Pulumi.local.yaml``, by key without namespace.
        name: The stack's name.
        plugins: Another harness's plugins; ``None`` starts some of its own.
        program: Folder of the program. Another one than this project's has no settings but those that are given.
        environment: Laid over the local cloud's own: another deployer's credentials, for example.
    """

    def __init__(
        self,
        cloud: LocalCloud,
        folder: Path,
        settings: Mapping[str, object] | None = None,
        *,
        name: str = STACK,
        plugins: Child | None = None,
        program: Path = ROOT,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.cloud = cloud
        self._folder = folder
        self._program = program
        self._own_environment = dict(environment or {})
        workspace = Workspace(folder)
        shell.prepare(cloud.folder, cloud.endpoints)
        variables = {**cloud.environment(), **workspace.environment(), **self._own_environment}
        # Kept, since asking the engine for them takes two more of its processes each time.
        self._outputs: automation.OutputMap = {}
        self._own_plugins = plugins is None
        # Before the stack, which takes the engine about as long to make as these take to listen.
        self._plugins = plugins or attached.start_plugins(folder, variables)
        try:
            self.stack = EventStack(
                name,
                automation.LocalWorkspace(
                    work_dir=str(self._project(settings or {}, name)),
                    program=functools.partial(_run, program / "__main__.py"),
                    pulumi_command=workspace.command(),
                    env_vars=variables,
                ),
            )
            self.stack.workspace.env_vars = {**variables, **attached.variables(self._plugins)}
        except BaseException:
            self.close()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the plugins, if they are its own. The stack stays as it is."""
        if self._own_plugins and self._plugins is not None:
            self._plugins.stop()

    def beside(self, name: str, settings: Mapping[str, object] | None = None) -> StackHarness:
        """Another stack of the same project, with the same backend; it needs this one's plugins.

        The same name opens this very stack with other settings.
        """
        return StackHarness(
            self.cloud,
            self._folder,
            settings,
            name=name,
            plugins=self._plugins,
            program=self._program,
            environment=self._own_environment,
        )

    def environment(self) -> dict[str, str]:
        """The whole environment of a command that acts on this stack from the project's folder."""
        settings = Path(self.stack.workspace.work_dir) / f"Pulumi.{self.stack.name}.yaml"
        return {**os.environ, **self.stack.workspace.env_vars, "PULUMI_OPTION_CONFIG_FILE": str(settings)}

    def preview(self, *, refresh: bool = False) -> automation.PreviewResult:
        """What ``up`` would do."""
        return self.stack.preview(refresh=refresh)

    def up(self, *, refresh: bool = False) -> Mapping[automation.OpType, int]:
        """Deploys the program. With ``refresh`` what was changed by hand is put back.

        Returns:
            How many resources were created, updated, replaced, deleted or left as they are.
        """
        result = self.stack.up(refresh=refresh)
        self._outputs = result.outputs
        return result.summary.resource_changes or {}

    def destroy(self) -> Mapping[automation.OpType, int]:
        """Takes everything down again."""
        return self.stack.destroy().summary.resource_changes or {}

    def output(self, name: str, *, reader: str = ONLY_READER) -> str:
        """A stack output, of the reader if it is one of a reader, as the latest :meth:`up` left it.

        Before the first one, as the stack has it.
        """
        self._outputs = self._outputs or self.stack.outputs()
        if name in outputs.OF_READER:
            return str(self._outputs[outputs.READERS].value[reader][name])
        return str(self._outputs[name].value)

    def aws(self, service: str) -> BaseClient:
        """A boto3 client of the local AWS, as the account's owner."""
        environment = self.cloud.environment()
        return boto3.client(
            service,
            endpoint_url=self.cloud.aws_url,
            region_name=self.cloud.aws_region,
            aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
            config=Config(connect_timeout=5, read_timeout=_CALL_LIMIT_SECONDS * 3, retries={"total_max_attempts": 1}),
        )

    def google(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """A call to the local Google as the deployer.

        Raises:
            httpx.HTTPStatusError: It was refused.
        """
        headers, url = {"Authorization": f"Bearer {self.cloud.deployer_token}"}, self.cloud.google_url + path
        answer = httpx.request(method, url, json=body, headers=headers, timeout=_CALL_LIMIT_SECONDS)
        answer.raise_for_status()
        return dict(answer.json())

    def put_rows(self, rows: Sequence[Mapping[str, Any]], *, reader: str = ONLY_READER) -> None:
        """Adds rows to a reader's table, as the deployer.

        Raises:
            RuntimeError: BigQuery took some of them not.
        """
        project, dataset, table = self.output(outputs.TABLE, reader=reader).split(".")
        answer = self.google(
            "POST",
            f"/bigquery/v2/projects/{project}/datasets/{dataset}/tables/{table}/insertAll",
            {"rows": [{"insertId": str(place), "json": dict(row)} for place, row in enumerate(rows)]},
        )
        if answer.get("insertErrors"):
            raise RuntimeError(f"rows were not taken: {answer['insertErrors']}")

    def invoke(self, event: object = None, *, reader: str = ONLY_READER) -> Invocation:
        """Runs a reader's function once and waits for its end."""
        last = next((decision.id for decision in reversed(self.cloud.decisions())), None)
        answer = self.aws("lambda").invoke(
            FunctionName=self.output(outputs.FUNCTION_NAME, reader=reader),
            Payload=json.dumps({} if event is None else event).encode(),
            LogType="Tail",
        )
        return Invocation(
            returned=json.loads(answer["Payload"].read(LOG_LIMIT) or b"null"),
            failed="FunctionError" in answer,
            log=base64.b64decode(answer.get("LogResult", "")).decode(errors="replace"),
            decisions=tuple(self.cloud.decisions(after=last)),
        )

    def forget_tokens(self, *, reader: str = ONLY_READER) -> None:
        """Ends the function's warm process, and with it the tokens it keeps: the next invocation is a cold start."""
        name = self.output(outputs.FUNCTION_NAME, reader=reader)
        memory = self.aws("lambda").get_function_configuration(FunctionName=name)["MemorySize"]
        self.aws("lambda").update_function_configuration(FunctionName=name, MemorySize=memory)

    def give_another_role(self, name: str) -> str:
        """Puts the function under another role of the same account, made for the purpose. Returns that role's ARN."""
        trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        made = self.aws("iam").create_role(
            RoleName=name,
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        )
        arn = str(made["Role"]["Arn"])
        self.aws("lambda").update_function_configuration(FunctionName=self.output(outputs.FUNCTION_NAME), Role=arn)
        return arn

    def delete_role(self, name: str) -> None:
        """Removes a role that :meth:`give_another_role` made."""
        self.aws("iam").delete_role(RoleName=name)

    def remove_binding(self) -> None:
        """Takes the right to impersonate away from all, on the service account's own policy."""
        account = f"/v1/projects/-/serviceAccounts/{self.output(outputs.SERVICE_ACCOUNT)}"
        policy = self.google("POST", f"{account}:getIamPolicy")
        kept = [binding for binding in policy.get("bindings", []) if binding["role"] != _IMPERSONATOR_ROLE]
        self.google("POST", f"{account}:setIamPolicy", {"policy": {**policy, "bindings": kept}})

    def holdings(self) -> set[str]:
        """Everything that exists in either cloud now, in words.

        Enabled services and soft-deleted pools are left out: Google keeps both after a destroy, and so they should be.
        """
        google = self.cloud.resources()
        return {
            *(f"pool {pool['name']}" for pool in google["pools"]),
            *(f"provider {provider['name']}" for provider in google["providers"]),
            *(f"service account {account['email']}" for account in google["serviceAccounts"]),
            *(f"dataset {dataset}" for dataset in google["datasets"]),
            *(
                f"{binding['role']} for {member} on {resource}"
                for resource, policy in google["policies"].items()
                for binding in policy["bindings"]
                for member in binding["members"]
            ),
            *(f"function {function['FunctionName']}" for function in self.aws("lambda").list_functions()["Functions"]),
            *(f"role {role['RoleName']}" for role in self.aws("iam").list_roles()["Roles"]),
            *(f"log {group['logGroupName']}" for group in self.aws("logs").describe_log_groups()["logGroups"]),
        }

    def _project(self, settings: Mapping[str, object], name: str) -> Path:
        """The project's files in a folder of their own, which the engine writes to: each harness has its settings."""
        self._folder.mkdir(parents=True, exist_ok=True)
        project = Path(tempfile.mkdtemp(prefix="project-", dir=self._folder))
        shutil.copy(self._program / "Pulumi.yaml", project)
        stack = yaml.safe_load((self.cloud.folder / f"Pulumi.{STACK}.yaml").read_text())
        stack["config"] = {**(stack["config"] if self._program == ROOT else {}), **settings}
        (project / f"Pulumi.{name}.yaml").write_text(yaml.safe_dump(stack, sort_keys=False))
        return project


def _run(program: Path) -> None:
    runpy.run_path(str(program), run_name="__main__")
