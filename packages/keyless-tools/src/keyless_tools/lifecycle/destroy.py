"""Destroy a stack, after printing what goes, what stays, and what stands in the way.

::

    keyless destroy STACK                     # asks for the stack's name before anything goes
    keyless destroy STACK --confirmed STACK   # the same, without a question

A protected stack is not destroyed: this prints what protects it, and the commands that take the protection off. What
the engine itself prints there (`pulumi state unprotect`) is not enough, since the providers refuse, too.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from federation_emulator.expected import ExpectedError
from keyless_bigquery.command_line import command_line
from keyless_bigquery.runtime.printable import one_line
from keyless_tools.lifecycle.network_interfaces import networked, what_stays, what_to_do
from pulumi_offline.engine.runner import Pulumi

_Resource = Mapping[str, Any]

_LOST: Mapping[str, str] = {
    "gcp:iam/workloadIdentityPool:WorkloadIdentityPool": "Google keeps its id taken for 30 days, and can undelete it",
    "gcp:serviceaccount/account:Account": "one made again under the same e-mail is another identity",
    "gcp:bigquery/dataset:Dataset": "with every table in it, the stack's or not",
    "gcp:bigquery/table:Table": "with its rows",
    "aws:cloudwatch/logGroup:LogGroup": "with all that was logged",
}
"""What goes with a resource, and doesn't come back with the next ``up``."""

_STAYS = "gcp:projects/service:Service"


class NotDestroyedError(ExpectedError):
    """The stack was left as it is; the text says why, and what to do."""


def protected(resources: Sequence[_Resource]) -> list[_Resource]:
    """Those of a stack's resources that the engine or their provider refuses to delete."""
    return [
        one
        for one in resources
        if one.get("protect") or _input(one, "deletionPolicy") == "PREVENT" or _input(one, "deletionProtection") is True
    ]


def explanation(stack: str, resources: Sequence[_Resource]) -> str:
    """Why a stack isn't destroyed of which these resources are protected, and how to do it on purpose."""
    return "\n".join(
        [
            f"stack {one_line(stack)} is protected, and nothing was deleted. These are to survive a destroy:",
            *(_line(one) for one in resources),
            "To take down the rest and keep these, rows included; the next `pulumi up` puts the rest back:",
            f"  {command_line('pulumi', 'destroy', '--exclude-protected', '--stack', stack)}",
            "To destroy these, too, on purpose:",
            f"  {command_line('pulumi', 'config', 'set', 'deletionProtection', 'false', '--stack', stack)}",
            f"  {command_line('pulumi', 'up', '--stack', stack)}",
            f"  {command_line('keyless', 'destroy', stack)}",
        ]
    )


def destroy_summary(stack: str, resources: Sequence[_Resource]) -> str:
    """What goes with a stack that has these resources, and what stays behind."""
    custom = [one for one in resources if one.get("custom") and not one["type"].startswith("pulumi:")]
    goes = [one for one in custom if one["type"] != _STAYS]
    lines = [
        f"Destroying stack {one_line(stack)} deletes {len(goes)} resources. With these goes what no `up` brings back:"
    ]
    lines += [f"{_line(one)}: {_LOST[one['type']]}" for one in goes if one["type"] in _LOST]
    if stays := [one for one in custom if one["type"] == _STAYS]:
        lines.append(f"{len(stays)} Google APIs stay on, since others may use them.")
    lines += what_stays(networked(custom))
    return "\n".join(lines)


def destroy(stack: Pulumi, *, confirmed: str | None = None) -> None:
    """Destroys a stack that isn't protected, once its name was given again.

    Args:
        stack: The stack.
        confirmed: The stack's name; ``None``: it is asked for on standard input.

    Raises:
        NotDestroyedError: The stack is empty or protected, or the name is another one.
        PulumiError: The engine refused.
    """
    resources = stack.state().get("resources") or []
    if not resources:
        raise NotDestroyedError(f"stack {stack.stack!s} has no resources: there is nothing to destroy")
    if kept := protected(resources):
        raise NotDestroyedError(explanation(stack.stack, kept))
    print(destroy_summary(stack.stack, resources))
    if confirmed is None:
        print("Type the stack's name to destroy it: ", end="", flush=True)
        confirmed = sys.stdin.readline().strip()
    if confirmed != stack.stack:
        raise NotDestroyedError(f"{confirmed!r} is not the name of stack {stack.stack!s}; nothing was deleted")
    stack.must("destroy", "--yes", "--skip-preview")
    print(f"destroyed; `{command_line('pulumi', 'up', '--stack', stack.stack)}` makes it again")
    for line in what_to_do(networked(resources)):
        print(line)


def _line(resource: _Resource) -> str:
    return one_line(f"  {str(resource['urn']).rpartition('::')[2]}  {resource['id']}")


def _input(resource: _Resource, name: str) -> object:
    return (resource.get("inputs") or {}).get(name)
