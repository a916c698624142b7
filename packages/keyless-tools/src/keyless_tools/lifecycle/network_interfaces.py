"""What a function in a VPC leaves behind when it goes, and the commands that find and delete it. Pure.

Lambda deletes a function's network interfaces as the function's role, up to 20 minutes after the function or its
network is gone, and can't where the role was deleted meanwhile. It describes each as ``AWS Lambda VPC
ENI-FUNCTION-UUID``, and one that is no longer in use is ``available``.

Sources: AWS, Lambda developer guide, "Understanding Hyperplane Elastic Network Interfaces"; hashicorp/terraform-
provider-aws, ``internal/service/ec2/vpc_network_interface.go``, which waits up to 45 minutes for them and then deletes
them with the deployer's rights; aws/aws-cdk#34400. See decision 26.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from keyless_bigquery.command_line import command_line, piped
from keyless_bigquery.runtime.printable import one_line

_FUNCTION = "aws:lambda/function:Function"
_UUID = "-".join("?" * length for length in (8, 4, 4, 4, 12))
"""As a filter of EC2 writes it: another function's name may begin with this one's and a hyphen."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Networked:
    """A function that is in a VPC.

    Args:
        name: Its name.
        region: Its region; ``None``: that of the shell.
        subnets: The subnets in which it has interfaces.
        published: It has published versions, each of which holds the interfaces too.
    """

    name: str
    region: str | None
    subnets: tuple[str, ...]
    published: bool

    @property
    def in_region(self) -> tuple[str, ...]:
        """The option that names its region."""
        return () if self.region is None else ("--region", self.region)


def networked(resources: Sequence[Mapping[str, Any]]) -> list[Networked]:
    """The functions of a stack that are in a VPC, by its resources as ``pulumi stack export`` has them."""
    functions = [one.get("inputs") or {} for one in resources if one.get("type") == _FUNCTION]
    return [
        Networked(
            name=str(inputs.get("name", "")),
            region=inputs.get("region"),
            subnets=tuple(subnets),
            published=bool(inputs.get("publish")),
        )
        for inputs in functions
        if (subnets := (inputs.get("vpcConfig") or {}).get("subnetIds"))
    ]


def show(function: Networked) -> str:
    """The command that lists a function's network interfaces with their status; it prints nothing if there is none."""
    return _describe(function, query="NetworkInterfaces[].[NetworkInterfaceId,Status]")


def delete(function: Networked) -> str:
    """The command that deletes those of a function's network interfaces that are no longer in use."""
    return piped(
        _describe(function, "Name=status,Values=available", query="NetworkInterfaces[].[NetworkInterfaceId]"),
        command_line(
            *("xargs", "-r", "-n", "1", "aws", "ec2", "delete-network-interface"),
            *(*function.in_region, "--network-interface-id"),
        ),
    )


def take_out(function: Networked) -> str:
    """The command that takes a function out of its network, so that Lambda deletes its interfaces."""
    return command_line(
        *("aws", "lambda", "update-function-configuration", *function.in_region, "--function-name", function.name),
        *("--vpc-config", "SubnetIds=[],SecurityGroupIds=[]"),
    )


def what_stays(functions: Sequence[Networked]) -> Iterator[str]:
    """What a destroy leaves behind of these functions, for how long, and how to leave nothing, line by line."""
    if not functions:
        return
    subnets = dict.fromkeys(subnet for function in functions for subnet in function.subnets)
    yield one_line(f"Network interfaces stay behind in {', '.join(subnets)}, and hold subnets and security groups.")
    yield "Lambda releases them 20 to 45 minutes after the function; it could delete them only as the role, which goes."
    if direct := [function for function in functions if not function.published]:
        yield "To leave none, stop here, take each function out of its network, and destroy once nothing is listed:"
        for function in direct:
            yield f"  {take_out(function)}"
            yield f"  {show(function)}"


def what_to_do(functions: Sequence[Networked]) -> Iterator[str]:
    """How to delete what a destroy left behind of these functions, line by line."""
    if functions:
        yield "In 45 minutes, delete the network interfaces that are no longer in use:"
        yield from (f"  {delete(function)}" for function in functions)


def _describe(function: Networked, *filters: str, query: str) -> str:
    return command_line(
        *("aws", "ec2", "describe-network-interfaces", *function.in_region),
        *("--filters", f"Name=description,Values=AWS Lambda VPC ENI-{function.name}-{_UUID}", *filters),
        *("--query", query, "--output", "text"),
    )
