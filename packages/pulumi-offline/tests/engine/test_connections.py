"""A program's channel to the engine does not inherit the failures of the channels to an engine that has ended."""

from __future__ import annotations

import socket
from concurrent import futures
from typing import Any

import grpc  # type: ignore[import-untyped]  # it has no types
import pytest
from pulumi.runtime import _grpc_settings

from pulumi_offline.engine.event_stack import use_connections_of_their_own


def call(channel: grpc.Channel) -> Any:
    return channel.unary_unary("/any/Method")(b"", timeout=5)


class _Answering(grpc.GenericRpcHandler):  # type: ignore[misc]  # as above
    def service(self, _details: Any) -> Any:
        return grpc.unary_unary_rpc_method_handler(lambda _request, _context: b"answered")


def test_a_port_that_refused_another_channel_answers_a_new_one() -> None:
    use_connections_of_their_own()
    with socket.create_server(("127.0.0.1", 0)) as ended:
        address = f"127.0.0.1:{ended.getsockname()[1]}"
    options = _grpc_settings._GRPC_CHANNEL_OPTIONS
    with grpc.insecure_channel(address, options=options) as old:
        for _ in range(3):
            with pytest.raises(grpc.RpcError, match="Connection refused"):
                call(old)
        server = grpc.server(futures.ThreadPoolExecutor(1), handlers=[_Answering()])
        assert server.add_insecure_port(address)
        server.start()
        try:
            with grpc.insecure_channel(address, options=options) as new:
                assert call(new) == b"answered"
        finally:
            server.stop(0)
