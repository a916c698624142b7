"""Options of the resources inside a component."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi


def options(
    parent: pulumi.ComponentResource,
    provider: pulumi.ProviderResource,
    *,
    depends_on: Sequence[pulumi.Resource] = (),
    protect: bool = False,
) -> pulumi.ResourceOptions:
    """Options of a component's child, by which a replacement is made before the old one goes.

    Providers made with Pulumi's Terraform bridge delete first whenever the program names what is replaced, even where
    the name is what changes, unless the option says otherwise (pulumi-terraform-bridge,
    ``nameRequiresDeleteBeforeReplace``). Where a replacement has the name of the old one it is refused as existing, and
    the old one stays.

    Args:
        parent: The component.
        provider: The provider.
        depends_on: What must exist before.
        protect: The engine refuses to delete or replace it.
    """
    return pulumi.ResourceOptions(
        parent=parent,
        provider=provider,
        depends_on=list(depends_on),
        protect=protect or None,
        delete_before_replace=False,
    )
