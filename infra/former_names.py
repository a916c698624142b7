"""What resources were called in earlier versions of the program, or before readers were listed.

The engine knows a resource by its name, its type and the components around it. If one of these changes, it would
delete the old one and make another, and what is protected would stand in the way. So each change is written down here,
and the next ``pulumi up`` takes over what is there. An entry may go when no stack is left that is older.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi

_SERVICE = "gcp:projects/service:Service"
_IN_READER = ("aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy")

_VERSION_0_1: Mapping[tuple[str, str], pulumi.Alias] = {
    ("keyless:infra:ReaderAccess", "reader-access"): pulumi.Alias(
        name="reader-account", type_="keyless:infra:ReaderAccount"
    ),
    ("gcp:bigquery/table:Table", "table"): pulumi.Alias(name="users"),
    ("gcp:bigquery/iamMember:IamMember", "may-read-table"): pulumi.Alias(name="may-read-users"),
}
"""Type and name today, and what differed in version 0.1, which had one reader."""


def aliases(type_token: str, name: str, suffixes: Sequence[str]) -> list[pulumi.Alias]:
    """What a resource was called before.

    Args:
        type_token: Its type.
        name: Its name today.
        suffixes: What the names of each reader's resources end in. The first reader of a list takes over what the only
            one had before there was a list.
    """
    # A reader's suffix may be the end of another's: the longest that fits is the resource's own.
    own = max((suffix for suffix in suffixes if name.endswith(suffix)), key=len, default="")
    if own != suffixes[0]:
        return []
    base = name.removesuffix(own)
    found = [pulumi.Alias(name=base)] if own else []
    if (type_token, base) in _VERSION_0_1:
        found.append(_VERSION_0_1[type_token, base])
    if type_token == _SERVICE:
        found.append(pulumi.Alias(parent=pulumi.create_urn("federation", "keyless:infra:Federation")))
    if type_token in _IN_READER:
        found.append(pulumi.Alias(name=base, parent=pulumi.create_urn("reader", "keyless:infra:Reader")))
    return found


def known(suffixes: Sequence[str]) -> pulumi.ResourceOptions:
    """Options by which a component and all that is in it are known under their former names, too.

    Args:
        suffixes: As for :func:`aliases`.
    """

    def with_aliases(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult:
        former = pulumi.ResourceOptions(aliases=[*aliases(args.type_, args.name, suffixes)])
        return pulumi.ResourceTransformationResult(args.props, pulumi.ResourceOptions.merge(args.opts, former))

    return pulumi.ResourceOptions(transformations=[with_aliases])
