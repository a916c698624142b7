"""Names and options of the resources inside a component."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pulumi


def suffix(name: str, usual: str) -> str:
    """What the names of a component's children end in, so that two such components of one program have their own.

    Nothing where the component has its usual name, and otherwise what its name adds to that: the children of the
    reader ``reader`` are called ``function`` and ``function-log``, those of ``reader-orders`` ``function-orders`` and
    ``function-log-orders``.
    """
    return "" if name == usual else f"-{name.removeprefix(f'{usual}-')}"


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
    """
    return pulumi.ResourceOptions(
        parent=parent,
        provider=provider,
        depends_on=list(depends_on),
        protect=protect or None,
        delete_before_replace=False,
    )


def also(more: Callable[[pulumi.ResourceTransformationArgs], pulumi.ResourceOptions | None]) -> pulumi.ResourceOptions:
    """Options by which a component, and all that is in it, gets further options; where they are ``None``, none."""

    def merged(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        found = more(args)
        if found is None:
            return None
        return pulumi.ResourceTransformationResult(args.props, pulumi.ResourceOptions.merge(args.opts, found))

    return pulumi.ResourceOptions(transformations=[merged])
