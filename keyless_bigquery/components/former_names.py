"""What resources were called in earlier versions of the program, or before readers were listed.

The engine knows a resource by its name, its type and the components around it. If one of these changes, it would
delete the old one and make another, and what is protected would stand in the way. So each change is written down here,
and the next ``pulumi up`` takes over what is there, from any earlier version at once: the engine tries a resource's
former names with those of the components around it. An entry may go when no stack is left that is older.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi

from keyless_bigquery.components import children

_AT_THE_TOP = ("keyless:infra:ReaderAccess", "keyless:infra:Warehouse", "keyless:infra:Reader")
"""These were in no component before there was :class:`keyless_bigquery.components.keyless_readers.KeylessReaders`."""

_IN_READER = ("aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy")
"""In version 0.1 these were the reader's own."""

_VERSION_0_1: Mapping[tuple[str, str], tuple[str, str]] = {
    ("keyless:infra:ReaderAccess", "reader-access"): ("keyless:infra:ReaderAccount", "reader-account"),
    ("gcp:bigquery/table:Table", "table"): ("gcp:bigquery/table:Table", "users"),
    ("gcp:bigquery/iamMember:IamMember", "may-read-table"): ("gcp:bigquery/iamMember:IamMember", "may-read-users"),
}
"""Type and name today, and in version 0.1, which had one reader."""


def aliases(type_token: str, name: str, suffixes: Sequence[str], *, own: str = "") -> list[pulumi.Alias]:
    """What a resource was called before.

    Args:
        type_token: Its type.
        name: Its name today.
        suffixes: What the names of each reader's resources end in. The first reader of a list takes over what the only
            one had before there was a list.
        own: What they all end in besides, where the component around them doesn't have its usual name. Then no earlier
            version made them.
    """
    # A reader's suffix may be the end of another's: the longest that fits is the resource's own.
    base = name.removesuffix(own)
    suffix = max((suffix for suffix in suffixes if base.endswith(suffix)), key=len, default="")
    known = [(type_token, name)]
    if suffix == suffixes[0]:
        base = base.removesuffix(suffix)
        known += [(type_token, f"{base}{own}")] if suffix else []
        known += [_VERSION_0_1[type_token, base]] if not own and (type_token, base) in _VERSION_0_1 else []
    found = [pulumi.Alias(type_=former, name=called) for former, called in known[1:]]
    if own:
        return found
    if type_token in _AT_THE_TOP:
        found += [
            pulumi.Alias(type_=former, name=called, parent=pulumi.ROOT_STACK_RESOURCE) for former, called in known
        ]
    if type_token in _IN_READER and suffix == suffixes[0]:
        found.append(pulumi.Alias(name=base, parent=pulumi.create_urn("reader", "keyless:infra:Reader")))
    return found


def of_service() -> pulumi.ResourceOptions:
    """Options of an enabled API, which in version 0.1 was part of the federation."""
    return pulumi.ResourceOptions(
        aliases=[pulumi.Alias(parent=pulumi.create_urn("federation", "keyless:infra:Federation"))]
    )


def known(suffixes: Sequence[str], names: children.Names) -> pulumi.ResourceOptions:
    """Options by which a component and all that is in it are known under their former names, too.

    Args:
        suffixes: As for :func:`aliases`.
        names: Theirs today. With a prefix no earlier version made them.
    """
    if names.prefix:
        return pulumi.ResourceOptions()
    return children.also(
        lambda args: pulumi.ResourceOptions(aliases=[*aliases(args.type_, args.name, suffixes, own=names.suffix)])
    )
