"""Names and options of the resources inside a component."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import pulumi


@dataclasses.dataclass(frozen=True, kw_only=True)
class Names:
    """Names of a component's children, so that two such components of one program have their own.

    A component of a user's program puts its own name in front, as Pulumi's components do: ``orders-pool``. Those of a
    stack's program are called by what they are, and the ones of a listed reader end in its name: ``function-log`` and
    ``function-log-orders``.
    """

    prefix: str = ""
    suffix: str = ""

    def __call__(self, base: str) -> str:
        """The name of the child that is called so where neither is set."""
        return f"{self.prefix}{base}{self.suffix}"

    def group(self, base: str) -> str:
        """The name of a component in it that groups children: that of the whole, where it has one.

        Pulumi derives the former name of a child from its parent's where it begins with that (its SDK's
        ``inherited_child_alias``), so with one name for all, an alias of the whole is one of every child.
        """
        return self.prefix.removesuffix("-") or self(base)

    def of(self, suffix: str) -> Names:
        """The names of those children that end in another suffix before their own."""
        return dataclasses.replace(self, suffix=suffix + self.suffix)


PLAIN = Names()
"""Those of a stack's program."""


def options(
    parent: pulumi.ComponentResource,
    provider: pulumi.ProviderResource | None,
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
        provider: With what the child is made; ``None``: with the component's own of that package.
        depends_on: What must be there before.
        protect: Whether the engine refuses to delete it; otherwise the component's option counts.
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
