"""After an interrupted ``pulumi up``: take over what it had made without writing it down.

::

    python -m tools.recover STACK

An engine that is killed between a cloud's answer and its own note leaves a resource that exists and that the stack
doesn't know; the next ``pulumi up`` would fail with "already exists". The engine notes what it was about to create.
This command imports each of these that exists, drops the rest of the notes, and leaves a stack for which
``pulumi refresh`` and ``pulumi up`` converge. It makes, changes and deletes nothing in either cloud.

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
class PendingCreate:
    """A resource that may or may not have been made.

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


def pending_creates(deployment: Mapping[str, Any]) -> list[PendingCreate]:
    """The creates that the engine began and never noted the end of, of types that can't be made twice.

    Args:
        deployment: ``deployment`` of ``pulumi stack export``.
    """
    providers = {
        resource["urn"]: resource.get("inputs", {})
        for resource in deployment.get("resources") or []
        if resource["type"].startswith("pulumi:providers:")
    }
    found = []
    for operation in deployment.get("pending_operations") or []:
        resource = operation["resource"]
        if operation["type"] != "creating" or resource["type"] not in IMPORT_IDS:
            continue
        # A reference to a provider is its URN and its id. What a resource leaves out, the provider has.
        provider = resource["provider"].rpartition("::")[0]
        inputs = {**providers.get(provider, {}), **resource["inputs"]}
        found.append(
            PendingCreate(
                urn=resource["urn"],
                type=resource["type"],
                import_id=IMPORT_IDS[resource["type"]](inputs),
                parent=resource["parent"],
                provider=provider,
            )
        )
    return found


def main() -> int:
    """Recovers one stack. The exit code is 1 if the engine refused a step, with the end of its message."""
    parser = argparse.ArgumentParser(prog="python -m tools.recover", description=__doc__)
    parser.add_argument("stack", help="the stack whose `pulumi up` was interrupted")
    try:
        recover(parser.parse_args().stack)
    except RecoveryError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


def recover(stack: str) -> None:
    """Take over what exists, drop the rest of the engine's notes.

    Raises:
        RecoveryError: The engine refused, for another reason than that a resource isn't there.
    """
    # The lock of a killed engine; without one this fails, and that is fine.
    _pulumi("cancel", "--yes", "--stack", stack)
    found = pending_creates(json.loads(_must(_pulumi("stack", "export", "--stack", stack)))["deployment"])
    for pending in found:
        finished = _pulumi(
            *("import", pending.type, pending.name, pending.import_id),
            *("--parent", f"parent={pending.parent}", "--provider", f"provider={pending.provider}"),
            *("--protect=false", "--generate-code=false", "--yes", "--skip-preview", "--stack", stack),
        )
        exists = finished.returncode == 0 or _ABSENT not in finished.stdout + finished.stderr
        if exists:
            _must(finished)
        print(f"{pending.name}: {'taken over' if exists else 'was not made yet'} ({pending.import_id})")
    _must(_pulumi("refresh", "--clear-pending-creates", "--yes", "--skip-preview", "--stack", stack))
    print(f"now: pulumi refresh --stack {stack} && pulumi up --stack {stack}")


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
