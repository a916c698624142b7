"""One provider for all stand-ins: the engine's requests in, a resource type's methods out."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pulumi.provider.experimental import provider as pulumi
from pulumi.provider.experimental.property_value import PropertyValue

from pulumi_offline.plugins.errors import ConfigError, PluginError, UnfinishedError, UnsupportedError
from pulumi_offline.plugins.kind import (
    Change,
    Edit,
    Kind,
    changes,
    live_inputs,
    previewed_update,
    refuse_unknown_inputs,
)
from pulumi_offline.plugins.lookup import Served, ServedBy
from pulumi_offline.plugins.values import Properties
from pulumi_offline.plugins.wire import plain_map, property_map

_MADE_UP = "__defaults"
"""Among a resource's inputs: which of them the plugin made up. The bridge's own mark."""


class StandIn(pulumi.Provider):
    """A provider plugin: `served_by` makes its table once the engine has sent the provider's settings."""

    def __init__(self, served_by: ServedBy) -> None:
        self._served_by = served_by
        self._served = Served()

    def _kind(self, qualified: str) -> Kind:
        # A URN names the types of the components around a resource before its own: `my:Component$aws:iam/role:Role`.
        return self._served.kind(qualified.rpartition("$")[2])

    async def get_schema(self, request: pulumi.GetSchemaRequest) -> pulumi.GetSchemaResponse:
        """There is none.

        Raises:
            UnsupportedError: Always; it says what a program that needs one can do.
        """
        del request
        raise UnsupportedError(
            "this stand-in has no schema, which a YAML program needs for each resource or provider of it that it names."
            " Use a component and the default provider, set up in the stack's config (gcp:project, aws:region), or"
            " install the official plugin"
        )

    async def check_config(self, request: pulumi.CheckRequest) -> pulumi.CheckResponse:
        """Accept the settings; they are judged when the engine configures the provider."""
        return pulumi.CheckResponse(inputs=request.new_inputs)

    async def diff_config(self, request: pulumi.DiffRequest) -> pulumi.DiffResponse:
        """Leave the comparison of settings to the engine."""
        del request
        return pulumi.DiffResponse(changes=None)

    async def configure(self, request: pulumi.ConfigureRequest) -> pulumi.ConfigureResponse:
        """Read the settings.

        Raises:
            ConfigError: when they are wrong or point away from this machine.
        """
        settings = {name: _parsed(name, value) for name, value in plain_map(request.args).items()}
        self._served = await asyncio.to_thread(self._served_by, settings)
        return pulumi.ConfigureResponse(supports_preview=True)

    async def invoke(self, request: pulumi.InvokeRequest) -> pulumi.InvokeResponse:
        """Look up what the program does not own. It is asked in previews too."""
        arguments = plain_map(request.args)
        lookup = self._served.lookup(request.tok, arguments)
        return pulumi.InvokeResponse(property_map(await asyncio.to_thread(lookup.answer, arguments)))

    async def check(self, request: pulumi.CheckRequest) -> pulumi.CheckResponse:
        """Refuse what the stand-in does not serve, and give a name to what has none."""
        kind, inputs = self._kind(request.type), plain_map(request.new_inputs)
        refuse_unknown_inputs(kind, inputs)
        if kind.autoname and kind.autoname not in inputs:
            inputs[kind.autoname] = _name_for(request, kind.autoname)
            inputs[_MADE_UP] = [kind.autoname]
        failures = [pulumi.CheckFailure(name, reason) for name, reason in kind.check(inputs).items()]
        return pulumi.CheckResponse(inputs=property_map(inputs), failures=failures)

    async def diff(self, request: pulumi.DiffRequest) -> pulumi.DiffResponse:
        """Compare the state with what the program wants."""
        kind = self._kind(request.type)
        state, inputs = plain_map(request.old_state), plain_map(request.new_inputs)
        found = {k: c for k, c in changes(kind, state, inputs).items() if k not in request.ignore_changes}
        return pulumi.DiffResponse(
            changes=bool(found),
            replaces=[name for name, change in found.items() if change.replaces],
            stables=sorted(kind.inputs.replace),
            delete_before_replace=any(change.replaces for change in found.values())
            and (kind.deletes_first or _is_named(kind, request.new_inputs)),
            diffs=list(found),
            detailed_diff={
                name: pulumi.PropertyDiff(_difference(name, change, state, inputs), input_diff=False)
                for name, change in found.items()
            },
        )

    async def create(self, request: pulumi.CreateRequest) -> pulumi.CreateResponse:
        """Create, or in a preview promise the inputs and leave every output unknown."""
        kind, inputs = self._kind(request.type), plain_map(request.properties)
        if request.preview:
            return pulumi.CreateResponse(resource_id="", properties=property_map(inputs))
        created = await asyncio.to_thread(kind.create, inputs)
        return pulumi.CreateResponse(resource_id=created.id, properties=property_map(created.state))

    async def read(self, request: pulumi.ReadRequest) -> pulumi.ReadResponse:
        """Read the live state; an empty answer means to the engine that the resource is gone."""
        kind = self._kind(request.type)
        state, inputs = plain_map(request.properties), plain_map(request.inputs)
        live = await asyncio.to_thread(kind.read, request.resource_id, state)
        if live is None:
            return pulumi.ReadResponse(resource_id="", properties={}, inputs={})
        return pulumi.ReadResponse(
            resource_id=kind.id_of(request.resource_id, live),
            properties=property_map(live),
            inputs=property_map(live_inputs(kind, inputs, live)),
        )

    async def update(self, request: pulumi.UpdateRequest) -> pulumi.UpdateResponse:
        """Change in place, or in a preview say what is already known of the result.

        Raises:
            UnfinishedError: the service refused. The bridge answers with the planned state then
                (pulumi-terraform-bridge, pkg/tfbridge/provider.go, Update: initializationError), and the engine keeps
                it: the next update finds nothing to send, unless a refresh comes first.
        """
        kind = self._kind(request.type)
        state, inputs = plain_map(request.olds), plain_map(request.news)
        if request.preview:
            return pulumi.UpdateResponse(property_map(previewed_update(kind, state, inputs)))
        found = {n: c for n, c in changes(kind, state, inputs).items() if n not in request.ignore_changes}
        edit = Edit(id=request.resource_id, state=state, inputs=inputs, changes=found)
        try:
            return pulumi.UpdateResponse(property_map(await asyncio.to_thread(kind.update, edit)))
        except PluginError as error:
            raise UnfinishedError(str(error), resource_id=edit.id, planned=state | inputs) from error

    async def delete(self, request: pulumi.DeleteRequest) -> None:
        """Delete the resource."""
        kind = self._kind(request.type)
        await asyncio.to_thread(kind.delete, request.resource_id, plain_map(request.properties))


def _parsed(name: str, value: Any) -> Any:  # noqa: ANN401 (any JSON-like value)
    """A provider setting; the engine sends anything that is not a string as JSON text."""
    if not isinstance(value, str) or value[:1] not in {"[", "{"}:
        return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value
    try:
        return json.loads(value)
    except json.JSONDecodeError as error:
        raise ConfigError(f"provider setting {name} is not valid JSON: {error}") from error


def _name_for(request: pulumi.CheckRequest, property_name: str) -> Any:  # noqa: ANN401 (any JSON-like value)
    """The name given before, else the resource's name and seven digits from the engine's seed."""
    before = plain_map(request.old_inputs).get(property_name)
    if before is not None:
        return before
    return f"{request.name}-{hashlib.sha256(request.random_seed).hexdigest()[:7]}"


def _is_named(kind: Kind, inputs: Mapping[str, PropertyValue]) -> bool:
    """Whether the program gives the name that the plugin could make up, be it an old one or a new one.

    Source: pulumi-terraform-bridge v3.137, pkg/tfbridge/schema.go, nameRequiresDeleteBeforeReplace; none of the types
    served here has UniqueNameFields, by which a changed name would count.
    """
    return kind.autoname is not None and kind.autoname in inputs and _MADE_UP not in inputs


def _difference(name: str, change: Change, state: Properties, inputs: Properties) -> pulumi.PropertyDiffKind:
    if name not in state:
        return pulumi.PropertyDiffKind.ADD_REPLACE if change.replaces else pulumi.PropertyDiffKind.ADD
    if name not in inputs:
        return pulumi.PropertyDiffKind.DELETE_REPLACE if change.replaces else pulumi.PropertyDiffKind.DELETE
    return pulumi.PropertyDiffKind.UPDATE_REPLACE if change.replaces else pulumi.PropertyDiffKind.UPDATE
