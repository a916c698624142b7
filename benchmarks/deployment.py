"""The stack, deployed on a local cloud, and the environment in which a candidate comes to it as the function's role."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from federation_emulator.client.cloud import LocalCloud
from federation_emulator.client.remote import Remote
from federation_emulator.core.roles import take_on
from keyless_bigquery.components import outputs
from keyless_bigquery.runtime.environment import CREDENTIALS_FILE
from pulumi_offline.demo.scenario import ROWS
from pulumi_offline.stack_harness import StackHarness


@dataclasses.dataclass(frozen=True, kw_only=True)
class Deployment:
    """A deployed stack with rows in its table, and a folder for files that go with it."""

    stack: StackHarness
    folder: Path

    @property
    def cloud(self) -> LocalCloud:
        """Where it is deployed."""
        return self.stack.cloud

    def variables(self) -> dict[str, str]:
        """The whole environment of a process that is the function: what the program and Lambda put there."""
        name = self.stack.output(outputs.FUNCTION_NAME)
        function = self.stack.aws("lambda").get_function_configuration(FunctionName=name)
        configuration = self.folder / "credential-configuration.json"
        configuration.write_text(self.stack.output(outputs.CREDENTIAL_CONFIGURATION))
        role = self.stack.output(outputs.ROLE_ARN).rpartition("/")[2]
        return {
            **function["Environment"]["Variables"],
            **take_on(self.cloud.endpoints, role, session=name).environment(),
            CREDENTIALS_FILE: str(configuration),
            # Set by Lambda before it imports a handler for an invocation that waits.
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "PATH": os.defpath,
            "NO_PROXY": "127.0.0.1",
        }

    def delay(self, milliseconds: int) -> None:
        """Has each request to the local Google wait so long before it is looked at; 0 ends it."""
        faults = {"slowShare": 1.0, "slowSeconds": milliseconds / 1000} if milliseconds else {}
        Remote(self.cloud.endpoints).post("/_local/faults", faults)


@contextlib.contextmanager
def deployed(settings: Mapping[str, object] | None = None) -> Iterator[Deployment]:
    """A stack on a local cloud of its own, with these settings of its own; both end with the context."""
    with tempfile.TemporaryDirectory(prefix="keyless-bench-") as name:
        folder = Path(name)
        with (
            LocalCloud.start(state_directory=folder / "cloud") as cloud,
            StackHarness(cloud, folder / "stack", settings) as stack,
        ):
            stack.up()
            stack.put_rows(ROWS)
            yield Deployment(stack=stack, folder=folder)
