"""An AWS that answers nothing, too late, too much or rubbish is unavailable within a bound, and trusted in nothing."""

from __future__ import annotations

import asyncio
import dataclasses
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest
import requests

from federation_emulator.core.errors import ApiError
from federation_emulator.core.trace import Part, Refused
from federation_emulator.core.upstream import Upstream
from federation_emulator.services.sts.aws_caller import ask_aws
from federation_emulator.services.sts.model import AwsRefusal, SignedRequest
from keyless_bigquery.trust.caller import Caller
from tests.emulator.chain import ACCOUNT, OTHER_ACCOUNT, PROVIDER_PATH, ROLE, Keys, LocalAccount, deploy
from tests.emulator.google_server import serving
from tests.emulator.services.sts.test_aws_answer import GOOD, REFUSAL
from tests.emulator.signing import document, exchange

LIMIT_SECONDS = 0.3
SIGNED = SignedRequest(host="sts.amazonaws.com", region="us-east-1", access_key_id="AKIA", headers={"host": "x"})
Talk = Callable[[socket.socket], object]


def whole(body: str, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body.encode())}\r\n\r\n{body}".encode()


def dripping(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    for _ in range(100):
        connection.sendall(b" ")
        time.sleep(LIMIT_SECONDS / 10)


def endless(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(1000):
        connection.sendall(b"400\r\n" + b"x" * 1024 + b"\r\n")


@contextmanager
def stand_in(talk: Talk) -> Iterator[str]:
    """A server for one connection that reads a request and then talks."""
    ended = threading.Event()
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with closing(connection):
                connection.recv(65536)
                try:
                    talk(connection)
                    ended.wait(5)
                except OSError:
                    pass  # The client has gone, which is what most of these wait for.

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            ended.set()
            thread.join(10)
            assert not thread.is_alive()


async def ask(url: str) -> Caller | AwsRefusal:
    with closing(Upstream(url)) as aws:
        return await ask_aws(aws, SIGNED, limit_seconds=LIMIT_SECONDS)


def asked(talk: Talk) -> Caller | AwsRefusal:
    with stand_in(talk) as url:
        return asyncio.run(ask(url))


def test_a_caller_and_a_refusal_are_passed_on() -> None:
    assert isinstance(asked(lambda c: c.sendall(whole(GOOD))), Caller)
    refusal = whole(REFUSAL.format("late"), "403 Forbidden")
    assert asked(lambda c: c.sendall(refusal)) == AwsRefusal(code="ExpiredToken", message="late")


@pytest.mark.parametrize(
    "talk",
    [
        pytest.param(lambda _connection: None, id="silence"),
        pytest.param(dripping, id="drop by drop"),
        pytest.param(endless, id="without end"),
        pytest.param(lambda c: c.shutdown(socket.SHUT_RDWR), id="hangs up"),
        pytest.param(lambda c: c.sendall(b"SSH-2.0-OpenSSH\r\n"), id="no HTTP"),
        pytest.param(lambda c: c.sendall(whole("rubbish")), id="no XML"),
        pytest.param(lambda c: c.sendall(whole("<a>" * 20_000)), id="deep XML"),
        pytest.param(lambda c: c.sendall(whole(GOOD, "302 Found")), id="another status"),
        pytest.param(lambda c: c.sendall(whole(GOOD)[:-20]), id="half an answer"),
        pytest.param(lambda c: c.sendall(b"HTTP/1.1 301 X\r\nLocation: http://127.0.0.1:9/\r\n\r\n"), id="elsewhere"),
    ],
)
def test_anything_else_is_unavailable_within_the_limit(talk: Talk) -> None:
    began = time.monotonic()
    with pytest.raises(Refused) as refused:
        asked(talk)
    assert time.monotonic() - began < LIMIT_SECONDS + 2
    assert isinstance(refused.value.answer, ApiError)
    assert (refused.value.answer.code, refused.value.refusal.part) == (503, Part.CALLER)


CALLER_ARN = f"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}/fn"
TRUSTED = GOOD.replace("arn:aws:sts::1:assumed-role/R/s", CALLER_ARN).replace(">1<", f">{ACCOUNT}<")
CHANGES: dict[str, dict[str, object]] = {
    "disabled": {"disabled": True},
    "attributeCondition": {"attributeCondition": "false"},
    "aws": {"aws": {"accountId": OTHER_ACCOUNT}},
    "description": {"description": "a change that matters to no caller"},
}


@pytest.mark.parametrize("mask", CHANGES)
def test_a_change_acknowledged_while_aws_is_asked_counts(bigquery_url: str, mask: str) -> None:
    def change_then_answer(connection: socket.socket) -> None:
        with requests.Session() as session:
            another = dataclasses.replace(google, session=session)
            another.done("PATCH", f"{PROVIDER_PATH}?updateMask={mask}", CHANGES[mask])
        connection.sendall(whole(TRUSTED))

    with stand_in(change_then_answer) as aws_url, serving(aws_url=aws_url, bigquery_url=bigquery_url) as google:
        deploy(google, LocalAccount(aws_url))
        answer = exchange(google, document(Keys("AKIAANYBODYANYBODY00", "any-secret", "any-token")))
        assert answer.status_code == (200 if mask == "description" else 400)
