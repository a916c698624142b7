"""Under which id the engine imports a resource, for every type that the program makes.

The formats are the providers' own. Source: the section "Import" of each resource's page in the Pulumi Registry.
"""

from __future__ import annotations

import dataclasses
import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from keyless_tools.guardrails.plan import UNKNOWN_TEXT
from pulumi_offline.engine.runner import CHANGING_SECONDS, Pulumi, PulumiError

_ABSENT = re.compile(r"resource '(?P<id>[^']+)' does not exist")

_POOL = "projects/{project}/locations/global/workloadIdentityPools/{workloadIdentityPoolId}"
_DATASET = "projects/{project}/datasets/{datasetId}"
_ONE_OF_A_NAME: Mapping[str, str] = {
    "aws:iam/role:Role": "{name}",
    "aws:cloudwatch/logGroup:LogGroup": "{name}",
    "aws:lambda/function:Function": "{name}",
    "aws:lambda/alias:Alias": "{functionName}/{name}",
    "aws:lambda/permission:Permission": "{function}:{qualifier}/{statementId}",
    "gcp:iam/workloadIdentityPool:WorkloadIdentityPool": _POOL,
    "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider": (
        _POOL + "/providers/{workloadIdentityPoolProviderId}"
    ),
    "gcp:serviceaccount/account:Account": (
        "projects/{project}/serviceAccounts/{accountId}@{project}.iam.gserviceaccount.com"
    ),
    "gcp:bigquery/dataset:Dataset": _DATASET,
    "gcp:bigquery/table:Table": _DATASET + "/tables/{tableId}",
}
_AS_OFTEN_AS_ASKED: Mapping[str, str] = {
    "aws:iam/rolePolicy:RolePolicy": "{role}:{name}",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": "{role}/{policyArn}",
    "aws:cloudwatch/eventRule:EventRule": "{name}",
    "aws:cloudwatch/eventTarget:EventTarget": "{rule}/{targetId}",
    "gcp:projects/service:Service": "{project}/{service}",
    "gcp:projects/iAMMember:IAMMember": "{project} {role} {member}",
    "gcp:serviceaccount/iAMMember:IAMMember": "{serviceAccountId} {role} {member}",
    "gcp:bigquery/iamMember:IamMember": _DATASET + "/tables/{tableId} {role} {member}",
}

MADE_ONCE = frozenset(_ONE_OF_A_NAME)
"""Types of which a second one of the same name can't be made: the create fails with "already exists"."""

IMPORT_IDS: Mapping[str, str] = {**_ONE_OF_A_NAME, **_AS_OFTEN_AS_ASKED}
"""Type → the id under which ``pulumi import`` finds it, with gaps for the resource's inputs."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Importable:
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

    @property
    def known(self) -> bool:
        """Whether its id is known already: it may hold another resource's output."""
        return UNKNOWN_TEXT not in self.import_id

    def command(self) -> list[str]:
        """The arguments of ``pulumi`` that import this one alone."""
        return [
            *("import", self.type, self.name, self.import_id),
            *("--parent", f"parent={self.parent}", "--provider", f"provider={self.provider}"),
            *("--generate-code=false", "--yes", "--skip-preview"),
        ]


def to_create(steps: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The resources that an ``up`` would create by the steps of a preview, as the engine writes them."""
    return [step["newState"] for step in steps if step["op"] == "create"]


def importable(resources: Sequence[Mapping[str, Any]], known: Sequence[Mapping[str, Any]]) -> list[Importable]:
    """Those of some resources that can be imported.

    Args:
        resources: Resources as the engine writes them, with their inputs.
        known: Where their providers are among: the stack's resources, or those that a preview plans.
    """
    providers = {one["urn"]: one.get("inputs", {}) for one in known if one["type"].startswith("pulumi:providers:")}
    # A reference to a provider is its URN and its id.
    found = [(one, str(one.get("provider", "")).rpartition("::")[0]) for one in resources]
    return [
        Importable(
            urn=one["urn"],
            type=one["type"],
            import_id=_import_id(one["type"], {**providers[provider], **one["inputs"]}),
            parent=one["parent"],
            provider=provider,
        )
        for one, provider in found
        if one["type"] in IMPORT_IDS and provider in providers
    ]


def _import_id(kind: str, inputs: Mapping[str, Any]) -> str:
    """The id by a resource's inputs; what those leave out, its provider has."""
    template = IMPORT_IDS[kind]
    return (template if inputs.get("qualifier") else template.replace(":{qualifier}", "")).format_map(inputs)


def import_file(found: Sequence[Importable]) -> dict[str, Any]:
    """What ``pulumi import --file`` reads, to import all of these in one run."""
    return {
        # Names in the file are the file's own: URNs can't be mistaken for each other.
        "nameTable": {urn: urn for one in found for urn in (one.parent, one.provider)},
        "resources": [
            {
                "type": one.type,
                "name": one.urn,
                "logicalName": one.name,
                "id": one.import_id,
                "parent": one.parent,
                "provider": one.provider,
            }
            for one in found
        ],
    }


def import_existing(stack: Pulumi, found: Sequence[Importable], *, protect: bool) -> set[str]:
    """Imports all of these that exist, in as few runs of the engine as it takes.

    Args:
        stack: The stack.
        found: What may exist.
        protect: The engine refuses to delete or replace them, until an ``up`` sets what the program says.

    Returns:
        The ids of those that don't exist.

    Raises:
        PulumiError: The engine refused, for another reason than that a resource isn't there.
    """
    absent: set[str] = set()
    left = list(found)
    options = (f"--protect={str(protect).lower()}", "--generate-code=false", "--yes", "--skip-preview")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "import.json"
        while left:
            file.write_text(json.dumps(import_file(left)))
            ended = stack.run("import", "--file", str(file), *options, limit_seconds=CHANGING_SECONDS)
            if ended.succeeded:
                break
            # One that isn't there fails the run, and does not undo the others' imports.
            named = {one["id"] for one in _ABSENT.finditer(ended.output + ended.errors)}
            if not named - absent:
                raise PulumiError(ended.failure)
            absent |= named
            known = {resource["urn"] for resource in stack.state().get("resources") or []}
            left = [one for one in found if one.import_id not in absent and one.urn not in known]
    return absent
