"""Every TCP port of a running local cloud refuses what a web page can send, and answers a program."""

from __future__ import annotations

import contextlib
import json
import secrets
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from botocore.exceptions import ClientError

from federation_emulator.client.cloud import LocalCloud
from federation_emulator.servers.process import family
from tests.emulator.chain import LocalAccount
from tests.emulator.ports.listening import listening

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="ports are found in /proc")

LOOPBACK = "0100007F"
EVIL = "http://evil.example"
WAIT = 20.0
CODE = """
import os, time
def handler(event, context):
    open(event["began"], "w").close()
    while not os.path.exists(event["until"]):
        time.sleep(0.01)
"""


def client(cloud: LocalCloud, service: str) -> Any:
    return LocalAccount(cloud.aws_url).client(service)


def new_function(cloud: LocalCloud, *, functions: Any = None) -> str:
    """Creates a function under a role of its own; its name."""
    name = f"f-{secrets.token_hex(4)}"
    LocalAccount(cloud.aws_url).function(name, {"main.py": CODE}, functions=functions)
    return name


@pytest.fixture(scope="module")
def running_function(cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A function that runs until the tests of this module have ended."""
    folder = tmp_path_factory.mktemp("function")
    began, until = folder / "began", folder / "until"
    name = new_function(cloud)
    payload = json.dumps({"began": str(began), "until": str(until)})
    invoking = threading.Thread(
        target=client(cloud, "lambda").invoke, kwargs={"FunctionName": name, "Payload": payload}
    )
    invoking.start()
    ticks = threading.Event()
    try:
        assert any(began.exists() or ticks.wait(0.02) for _ in range(1000)), "the function did not begin"
        yield
    finally:
        until.touch()
        invoking.join(WAIT)


@pytest.fixture(scope="module")
def listeners(cloud: LocalCloud, running_function: None) -> set[tuple[str, int]]:
    """Every address and port on which any process of the local cloud listens, while a function runs."""
    del running_function  # it runs
    return {one for pid in family(cloud.pid) for one in listening(pid)}


@pytest.fixture(scope="module")
def ports(listeners: set[tuple[str, int]]) -> set[int]:
    return {port for _, port in listeners}


def ask(port: int, method: str, path: str, headers: dict[str, str], body: str = "") -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.request(method, f"http://127.0.0.1:{port}{path}", headers=headers, data=body, timeout=WAIT)


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


def test_google_and_aws_have_one_port_each_on_loopback_and_there_is_no_other(
    cloud: LocalCloud, listeners: set[tuple[str, int]]
) -> None:
    assert listeners == {(LOOPBACK, port_of(cloud.google_url)), (LOOPBACK, port_of(cloud.aws_url))}


HEADERS: dict[str, dict[str, str]] = {
    "a page's simple request": {"Origin": EVIL, "Content-Type": "text/plain"},
    "a page without an origin": {"Origin": "null", "Content-Type": "application/x-www-form-urlencoded"},
    "a page of another port": {"Origin": "http://127.0.0.1:1"},
    "an image of a page": {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
    "a link on a page": {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate"},
    "another host": {"Host": "evil.example"},
    "a host that is turned to this machine": {"Host": "evil.example:{port}", "Origin": "http://evil.example:{port}"},
    "a preflight": {"Origin": EVIL, "Access-Control-Request-Method": "POST"},
    "a WebSocket": {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Key": "x", "Origin": EVIL},
}


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("kind", HEADERS)
def test_every_port_refuses_a_page_and_answers_a_program(
    cloud: LocalCloud, ports: set[int], kind: str, method: str
) -> None:
    for port in sorted(ports):
        health = "/_local/health" if port == port_of(cloud.google_url) else "/_ministack/health"
        assert ask(port, "GET", health, {}).status_code == 200
        foreign = {name: value.format(port=port) for name, value in HEADERS[kind].items()}
        for path in (health, "/", "/v1/token", "/_ministack/reset", "/2015-03-31/functions", "/_local/clock"):
            refused = ask(port, method, path, foreign, "{}")
            assert refused.status_code in {403, 421}, (port, path)
            assert "refused" in refused.text or "not this machine" in refused.text or "web page" in refused.text
            assert not [name for name in refused.headers if name.lower().startswith("access-control-")]


@pytest.mark.parametrize(
    "path", ["/_ministack/reset", "/_ministack/config", "/_localstack/health", "/_local/clock", "/_local/faults"]
)
def test_no_port_lets_itself_be_steered_without_a_secret(cloud: LocalCloud, ports: set[int], path: str) -> None:
    for port in sorted(ports):
        assert ask(port, "POST", path, {}, "{}").status_code in {401, 403, 404, 405}
    steered = ask(
        port_of(cloud.google_url), "POST", "/_local/faults", {"Authorization": f"Bearer {cloud.deployer_token}"}
    )
    assert steered.status_code == 200


def test_no_answer_of_the_local_aws_is_shared_with_a_page(cloud: LocalCloud) -> None:
    functions, headers = client(cloud, "lambda"), list[str]()
    functions.meta.events.register("after-call", lambda http_response, **_: headers.extend(http_response.headers))
    functions.list_functions()
    assert "x-amzn-requestid" in map(str.lower, headers)
    assert not [name for name in headers if name.lower().startswith("access-control-")]


@pytest.mark.parametrize(
    "foreign",
    [{"Origin": EVIL}, {"Origin": "null"}, {"Host": "evil.example"}, {"Sec-Fetch-Site": "same-site"}],
    ids=str,
)
def test_no_function_is_created_for_a_page_though_it_signs(cloud: LocalCloud, foreign: dict[str, str]) -> None:
    functions = client(cloud, "lambda")
    known = {one["FunctionName"] for one in functions.list_functions()["Functions"]}

    def from_a_page(request: Any, **_: object) -> None:
        for name, value in foreign.items():
            request.headers[name] = value

    functions.meta.events.register("before-send", from_a_page)
    with pytest.raises(ClientError, match=r"web page|no page|not this machine|refused"):
        new_function(cloud, functions=functions)
    assert {one["FunctionName"] for one in client(cloud, "lambda").list_functions()["Functions"]} == known
    assert new_function(cloud) not in known


def test_a_function_with_a_runtime_of_its_own_gets_a_server_that_refuses_a_page(
    cloud: LocalCloud, tmp_path: Path
) -> None:
    """ministack starts a small server for such a function, on a port of its own."""
    ready, go_on = tmp_path / "ready", tmp_path / "go-on"
    bootstrap = (
        f"#!/bin/sh\necho $AWS_LAMBDA_RUNTIME_API > {ready}.new; mv {ready}.new {ready}\n"
        f"while [ ! -e {go_on} ]; do sleep 0.05; done\n"
        f'exec {sys.executable} -c "{RUNTIME}"\n'
    )
    name = f"f-{secrets.token_hex(4)}"
    functions = LocalAccount(cloud.aws_url).function(name, {"bootstrap": bootstrap}, Runtime="provided.al2023")
    answers: list[Any] = []
    invoking = threading.Thread(target=lambda: answers.append(functions.invoke(FunctionName=name)["Payload"].read()))
    invoking.start()
    ticks = threading.Event()
    try:
        assert any(ready.exists() or ticks.wait(0.02) for _ in range(1000)), "the function did not begin"
        port = int(ready.read_text().rpartition(":")[2])
        for foreign in HEADERS.values():
            sent = {name: value.format(port=port) for name, value in foreign.items()}
            assert ask(port, "GET", "/2018-06-01/runtime/invocation/next", sent).status_code in {403, 421}
    finally:
        go_on.touch()
        with contextlib.suppress(RuntimeError):
            invoking.join(WAIT)
    assert answers == [b'"done"']


RUNTIME = """
import os, urllib.request as r
base = 'http://' + os.environ['AWS_LAMBDA_RUNTIME_API'] + '/2018-06-01/runtime/invocation/'
n = r.urlopen(base + 'next')
i = n.headers['Lambda-Runtime-Aws-Request-Id']
r.urlopen(base + i + '/response', data=b'\\"done\\"')
r.urlopen(base + 'next')
"""
