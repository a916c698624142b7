"""The gRPC server around a stand-in.

`pulumi.provider.experimental.server.main` would do, but it shows every error with a traceback and with the status
"unknown", after which the engine believes that the step may have happened, and it can't read an archive from the
state. An interceptor around the SDK's servicer fixes both.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import grpc  # type: ignore[import-untyped]  # grpc ships no types
import grpc.aio  # type: ignore[import-untyped]  # grpc ships no types
from google.protobuf import empty_pb2  # type: ignore[import-untyped]  # protobuf ships no types
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.provider import Provider
from pulumi.provider.experimental.server import ProviderServicer
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS  # the engine's messages pass gRPC's default size
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from pulumi_offline.plugins import ATTACHABLE
from pulumi_offline.plugins.errors import PluginError, UnfinishedError
from pulumi_offline.plugins.provider import StandIn
from pulumi_offline.plugins.wire import property_map, readable_archives

_ORPHAN_SECONDS = 1.0
_Handler = Callable[[Any, Any], Awaitable[Any]]


class _Fixed(grpc.aio.ServerInterceptor):  # type: ignore[misc]  # grpc ships no types
    """Fixes what the SDK's servicer can't do: archives from the state, and errors of one line.

    A PluginError becomes a final status with its own text; anything else is a bug and keeps its traceback.
    """

    async def intercept_service(self, continuation: Any, handler_call_details: Any) -> Any:  # noqa: ANN401 (untyped)
        handler = await continuation(handler_call_details)
        if handler is None or handler.unary_unary is None:
            return handler
        return grpc.unary_unary_rpc_method_handler(
            _fixed(handler.unary_unary),
            request_deserializer=handler.request_deserializer,
            response_serializer=handler.response_serializer,
        )


def _fixed(inner: _Handler) -> _Handler:
    async def call(request: Any, context: Any) -> Any:  # noqa: ANN401 (protobuf messages)
        for field, value in request.ListFields():
            if field.message_type is not None and field.message_type.full_name == "google.protobuf.Struct":
                readable_archives(value)
        try:
            return _or_nothing(await inner(request, context))
        except Exception as error:  # the SDK wraps every error in a bare Exception and keeps ours as its context
            cause = error if isinstance(error, PluginError) else error.__context__
            if not isinstance(cause, PluginError):
                raise
            if isinstance(cause, UnfinishedError):
                context.set_trailing_metadata((("grpc-status-details-bin", _unfinished(cause)),))
                await context.abort(grpc.StatusCode.UNKNOWN, str(cause))
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(cause))

    return call


def _unfinished(error: UnfinishedError) -> bytes:
    """The details by which the engine keeps a state in spite of the failure."""
    planned = PropertyValue.marshal_map(property_map(error.planned))
    details = provider_pb2.ErrorResourceInitFailed(id=error.resource_id, properties=planned, reasons=[str(error)])
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(error))
    status.details.add().Pack(details)
    return bytes(status.SerializeToString())


def _or_nothing(answer: Any) -> Any:  # noqa: ANN401 (protobuf messages)
    """An import takes a resource that was not found for one without properties, unless there are none at all."""
    if isinstance(answer, provider_pb2.ReadResponse) and not answer.id:
        answer.ClearField("properties")
        answer.ClearField("inputs")
    return answer


class _Attachable(ProviderServicer):
    """The SDK's servicer, for an engine that comes to a plugin that runs already."""

    async def Attach(self, request: Any, context: Any) -> empty_pb2.Empty:  # noqa: ANN401, N802 (gRPC's names and types)
        del request, context
        return empty_pb2.Empty()


async def _listen(provider: Provider, version: str, engine_address: str) -> tuple[grpc.aio.Server, int]:
    server = grpc.aio.server(options=_GRPC_CHANNEL_OPTIONS, interceptors=[_Fixed()])
    servicer = _Attachable([], version, provider, engine_address=engine_address)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    return server, port


async def _serve(provider: StandIn, version: str, engine_address: str) -> None:
    server, port = await _listen(provider, version, engine_address)
    # The engine reads the port from the first line.
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await asyncio.wait(
        [asyncio.create_task(server.wait_for_termination()), asyncio.create_task(_orphaned())],
        return_when=asyncio.FIRST_COMPLETED,
    )


async def _orphaned() -> None:
    """Returns when the engine that started this process is gone: killed, it ends no plugin.

    Asked now and then, since the system's own signal would come when the engine's thread ends that started us.
    """
    engine = os.getppid()
    while os.getppid() == engine:
        await asyncio.sleep(_ORPHAN_SECONDS)


def serve(provider: StandIn, *, version: str, engine_address: str) -> None:
    """Serve until the engine ends this process, or ends itself; nothing is called at its address."""
    asyncio.run(_serve(provider, version, engine_address))


async def _serve_together(providers: Mapping[str, tuple[Provider, str]]) -> None:
    listening = {name: await _listen(provider, version, "") for name, (provider, version) in providers.items()}
    ports = {name: port for name, (_server, port) in listening.items()}
    sys.stdout.write(json.dumps({"event": ATTACHABLE, "ports": ports}) + "\n")
    sys.stdout.flush()
    await asyncio.gather(*(server.wait_for_termination() for server, _port in listening.values()))


def serve_together(providers: Mapping[str, tuple[Provider, str]]) -> None:
    """Serve several stand-ins, each with its version, to one engine after another, until the process is ended.

    A run of the engine starts each of its plugins anew, which takes longer than all that they do here. An engine
    that finds their ports in `PULUMI_DEBUG_PROVIDERS` comes to these instead. One stack at a time: the settings are
    those that the last engine sent.
    """
    asyncio.run(_serve_together(providers))
