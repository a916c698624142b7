"""What a plugin answers about a change, asked as the engine asks it: over the plugin's own protocol."""

from __future__ import annotations

import dataclasses
import selectors
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]  # grpc ships no types
import pytest
from google.protobuf import json_format, struct_pb2  # type: ignore[import-untyped]  # protobuf ships no types
from google.rpc import status_pb2  # type: ignore[import-untyped]  # it ships no types
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from keyless_tools.guardrails.plan import UNKNOWN_TEXT as UNKNOWN

_NOWHERE = "http://127.0.0.1:9"
_SETTINGS = {
    "gcp": {
        "project": "my-project",
        "accessToken": "none",
        "addPulumiAttributionLabel": "false",
        "iamBetaCustomEndpoint": f"{_NOWHERE}/v1/",
        "serviceUsageCustomEndpoint": f"{_NOWHERE}/v1beta1/",
        "resourceManagerCustomEndpoint": f"{_NOWHERE}/v1/",
        "bigQueryCustomEndpoint": f"{_NOWHERE}/bigquery/v2/",
        "cloudBillingCustomEndpoint": f"{_NOWHERE}/v1/",
    },
    "random": {},
}
_LABELS: dict[str, Any] = {"effectiveLabels": {}, "pulumiLabels": {}}
"""What a state has of resources with labels that have none; other types overlook it."""
_START_SECONDS = 40.0
_CALL_SECONDS = 30.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan:
    """What a plugin would do about a change. ``deletes_first``: unless the program decides otherwise."""

    changes: bool
    replaces: frozenset[str]
    deletes_first: bool


class Plugin:
    """A running plugin."""

    def __init__(self, stub: Any) -> None:
        self._stub = stub

    def plan(self, kind: str, live: Mapping[str, Any], inputs: Mapping[str, Any], drift: Mapping[str, Any]) -> Plan:
        """What it would do: given are the inputs of a resource, those of today, and what a refresh found besides."""
        urn = f"urn:pulumi:stack::project::{kind}::name"
        old = self._checked(urn, {}, live)
        new = self._checked(urn, old, inputs)
        state = _LABELS | self._planned(urn, old) | {"id": "x", **drift}
        request = provider_pb2.DiffRequest(
            urn=urn, id="x", olds=_struct(state), news=_struct(new), old_inputs=_struct(old)
        )
        found = self._stub.Diff(request, timeout=_CALL_SECONDS)
        return Plan(
            changes=found.changes == provider_pb2.DiffResponse.DIFF_SOME,
            replaces=frozenset(name.partition(".")[0].partition("[")[0] for name in found.replaces),
            deletes_first=bool(found.replaces) and found.deleteBeforeReplace,
        )

    def refused(self, kind: str, live: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The state that it hands over with an update that no service took."""
        urn = f"urn:pulumi:stack::project::{kind}::name"
        old = self._checked(urn, {}, live)
        new = self._checked(urn, old, inputs)
        state = _LABELS | self._planned(urn, old) | {"id": "x"}
        request = provider_pb2.UpdateRequest(
            urn=urn, id="x", olds=_struct(state), news=_struct(new), old_inputs=_struct(old)
        )
        with pytest.raises(grpc.RpcError) as failed:
            self._stub.Update(request, timeout=_CALL_SECONDS)
        (details,) = (value for key, value in failed.value.trailing_metadata() if key == "grpc-status-details-bin")
        (packed,) = status_pb2.Status.FromString(details).details
        error = provider_pb2.ErrorResourceInitFailed()
        assert packed.Unpack(error), packed.type_url
        assert error.reasons
        found = dict(json_format.MessageToDict(error.properties))
        return {name: value for name, value in found.items() if value is not None and not name.startswith("__")}

    def _planned(self, urn: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The state that a create would leave, as far as it is known."""
        request = provider_pb2.CreateRequest(urn=urn, properties=_struct(inputs), preview=True)
        answer = self._stub.Create(request, timeout=_CALL_SECONDS)
        found = dict(json_format.MessageToDict(answer.properties))
        return {name: value for name, value in found.items() if value != UNKNOWN and name != "__defaults"}

    def _checked(self, urn: str, old: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, Any]:
        request = provider_pb2.CheckRequest(urn=urn, olds=_struct(old), news=_struct(inputs), randomSeed=b"x" * 32)
        answer = self._stub.Check(request, timeout=_CALL_SECONDS)
        assert not answer.failures, answer.failures
        return dict(json_format.MessageToDict(answer.inputs))


@contextmanager
def running(name: str, command: Sequence[str | Path]) -> Iterator[Plugin]:
    """A plugin, started as the engine starts it, and configured for no cloud at all."""
    child = subprocess.Popen([*command, "127.0.0.1:9"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert child.stdout is not None
        with selectors.DefaultSelector() as ready:
            ready.register(child.stdout, selectors.EVENT_READ)
            assert ready.select(_START_SECONDS), "it prints no port"
        with grpc.insecure_channel(f"127.0.0.1:{child.stdout.readline().strip()}") as channel:
            stub = provider_pb2_grpc.ResourceProviderStub(channel)
            settings = _SETTINGS[name]
            variables = {f"{name}:config:{key}": value for key, value in settings.items()}
            stub.Configure(
                provider_pb2.ConfigureRequest(args=_struct(settings), variables=variables), timeout=_CALL_SECONDS
            )
            yield Plugin(stub)
    finally:
        child.kill()
        child.communicate()


def _struct(values: Mapping[str, Any]) -> struct_pb2.Struct:
    made = struct_pb2.Struct()
    json_format.ParseDict(dict(values), made)
    return made
