"""After an interrupted ``pulumi up``: take over what it had made without writing it down.

::

    python -m tools.recover STACK [--planned]

An engine that is killed between a cloud's answer and its own note leaves a resource that exists and that the stack
doesn't know; the next ``pulumi up`` would fail with "already exists". The engine notes what it was about to create.
This command imports each of these that exists, drops the rest of the notes, and leaves a stack for which
``pulumi refresh`` and ``pulumi up`` converge. It makes, changes and deletes nothing in either cloud.

Where it was the answer that got lost, and the engine took the create for failed, there is no note. With ``--planned``
everything is imported that the next ``up`` would create and that exists already. Only its names say that it is the
stack's, so this is for a stack whose names are nobody else's.

Source: Pulumi, "Recovering from an interrupted update".
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

_LIMIT_SECONDS = 600.0
_ABSENT = "does not exist"
_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine writes for a value that it doesn't know yet (pulumi.runtime.rpc)."""
_Inputs = Mapping[str, Any]

IMPORT_IDS: Mapping[str, Callable[[_Inputs], str]] = {
    "aws:iam/role:Role": lambda i: f"{i['name']}",
    "aws:cloudwatch/logGroup:LogGroup": lambda i: f"{i['name']}",
    "aws:lambda/function:Function": lambda i: f"{i['name']}",
    "gcp:iam/workloadIdentityPool:WorkloadIdentityPool": lambda i: (
        f"projects/{i['project']}/locations/global/workloadIdentityPools/{i['workloadIdentityPoolId']}"
    ),
    "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider": lambda i: (
        f"projects/{i['project']}/locations/global/workloadIdentityPools/{i['workloadIdentityPoolId']}"
        f"/providers/{i['workloadIdentityPoolProviderId']}"
    ),
    "gcp:serviceaccount/account:Account": lambda i: (
        f"projects/{i['project']}/serviceAccounts/{i['accountId']}@{i['project']}.iam.gserviceaccount.com"
    ),
    "gcp:bigquery/dataset:Dataset": lambda i: f"projects/{i['project']}/datasets/{i['datasetId']}",
    "gcp:bigquery/table:Table": lambda i: f"projects/{i['project']}/datasets/{i['datasetId']}/tables/{i['tableId']}",
}
"""Type → the id under which ``pulumi import`` finds it. Types that aren't here can be made twice without harm."""


class RecoveryError(Exception):
    """The engine refused a step of the recovery; the text is the end of what it said."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Unnoted:
    """A resource that may exist, and that the stack doesn't know.

    Args:
        urn: Its name in the stack; ends in ``::NAME``.
        type: Its type token.
        import_id: The id to import it by.
        parent: URN of the component that it belongs to.
        provider: URN of its provider.
    """

    urn: str
    type: str
    import_id: str
    parent: str
    provider: str

    @property
    def name(self) -> str:
        """Its logical name."""
        return self.urn.rpartition("::")[2]


def pending_creates(deployment: Mapping[str, Any]) -> list[Unnoted]:
    """The creates that the engine began and never noted the end of, of types that can't be made twice.

    Args:
        deployment: ``deployment`` of ``pulumi stack export``.
    """
    pending = [
        operation["resource"]
        for operation in deployment.get("pending_operations") or []
        if operation["type"] == "creating"
    ]
    return _importable(pending, deployment)


def planned_creates(preview: Mapping[str, Any], deployment: Mapping[str, Any]) -> list[Unnoted]:
    """The creates that the next ``up`` plans, of types that can't be made twice, as far as their names are known yet.

    Args:
        preview: What ``pulumi preview --json`` prints.
        deployment: ``deployment`` of ``pulumi stack export``.
    """
    planned = [step["newState"] for step in preview.get("steps") or [] if step["op"] == "create"]
    return [found for found in _importable(planned, deployment) if _UNKNOWN not in found.import_id]


def _importable(resources: Sequence[Mapping[str, Any]], deployment: Mapping[str, Any]) -> list[Unnoted]:
    providers = {
        resource["urn"]: resource.get("inputs", {})
        for resource in deployment.get("resources") or []
        if resource["type"].startswith("pulumi:providers:")
    }
    found = []
    for resource in resources:
        # A reference to a provider is its URN and its id. What a resource leaves out, the provider has.
        provider = str(resource.get("provider", "")).rpartition("::")[0]
        if resource["type"] not in IMPORT_IDS or provider not in providers:
            continue
        found.append(
            Unnoted(
                urn=resource["urn"],
                type=resource["type"],
                import_id=IMPORT_IDS[resource["type"]]({**providers[provider], **resource["inputs"]}),
                parent=resource["parent"],
                provider=provider,
            )
        )
    return found


def main() -> int:
    """Recovers one stack. The exit code is 1 if the engine refused a step, with the end of its message."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.recover", description="Take over what an interrupted `pulumi up` had made unnoted."
    )
    parser.add_argument("stack", help="the stack whose `pulumi up` was interrupted")
    parser.add_argument("--planned", action="store_true", help="also what the next up would create and exists already")
    arguments = parser.parse_args()
    try:
        recover(arguments.stack, planned=arguments.planned)
    except RecoveryError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


def recover(stack: str, *, planned: bool = False) -> None:
    """Take over what exists, drop the rest of the engine's notes.

    Args:
        stack: The stack's name.
        planned: Take over what the next ``up`` would create, too.

    Raises:
        RecoveryError: The engine refused, for another reason than that a resource isn't there.
    """
    # The lock of a killed engine; without one this fails, and that is fine.
    _pulumi("cancel", "--yes", "--stack", stack)
    for pending in pending_creates(_deployment(stack)):
        _take_over(stack, pending)
    _must(_pulumi("refresh", "--clear-pending-creates", "--yes", "--skip-preview", "--stack", stack))
    while planned and any(_take_over(stack, one) for one in _planned(stack)):
        pass  # what was taken over may be what the next one's name waits for
    print(f"now: pulumi refresh --stack {stack} && pulumi up --stack {stack}")


def _planned(stack: str) -> list[Unnoted]:
    preview = json.loads(_must(_pulumi("preview", "--json", "--stack", stack)))
    return planned_creates(preview, _deployment(stack))


def _deployment(stack: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(_must(_pulumi("stack", "export", "--stack", stack)))["deployment"]
    return found


def _take_over(stack: str, one: Unnoted) -> bool:
    """Import one resource. Returns whether it exists."""
    finished = _pulumi(
        *("import", one.type, one.name, one.import_id),
        *("--parent", f"parent={one.parent}", "--provider", f"provider={one.provider}"),
        *("--protect=false", "--generate-code=false", "--yes", "--skip-preview", "--stack", stack),
    )
    exists = finished.returncode == 0 or _ABSENT not in finished.stdout + finished.stderr
    if exists:
        _must(finished)
    print(f"{one.name}: {'taken over' if exists else 'was not made yet'} ({one.import_id})")
    return exists


def _pulumi(*arguments: str) -> subprocess.CompletedProcess[str]:
    command: Sequence[str] = ["pulumi", *arguments, "--non-interactive"]
    return subprocess.run(command, capture_output=True, text=True, timeout=_LIMIT_SECONDS, check=False)


def _must(finished: subprocess.CompletedProcess[str]) -> str:
    if finished.returncode != 0:
        told = (finished.stdout + finished.stderr).strip().splitlines()
        raise RecoveryError(f"`{' '.join(finished.args[:2])}` failed: {' | '.join(told[-5:])}")
    return finished.stdout


if __name__ == "__main__":
    sys.exit(main())
