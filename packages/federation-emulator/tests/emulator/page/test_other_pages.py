"""What a real browser sends for pages that are not ours, and that nothing of it is answered."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, Page

from federation_emulator.servers.listening import listener, server_settings
from tests.http_server import Answer, serving

LIMIT_SECONDS = 10.0
ADD = "document.body.append(Object.assign(document.createElement"
WAYS = {
    "a simple request": "fetch(URL, {method: 'POST', mode: 'no-cors', body: '{}'})",
    "a request that reads": "fetch(URL)",
    "a request with a header": "fetch(URL, {headers: {Authorization: 'Bearer x'}})",
    "a beacon": "navigator.sendBeacon(URL, '{}')",
    "an image": "new Image().src = URL",
    "a script": ADD + "('script'), {src: URL}))",
    "a module": ADD + "('script'), {src: URL, type: 'module'}))",
    "a style sheet": ADD + "('link'), {rel: 'stylesheet', href: URL}))",
    "a frame": ADD + "('iframe'), {src: URL}))",
    "a form": ADD + "('form'), {action: URL, method: 'POST'})); document.forms[0].submit()",
    "a form without a referrer": ADD + "('form'), {action: URL, method: 'POST', rel: 'noreferrer'})); "
    "document.forms[0].submit()",
    "a link": "location.href = URL",
    "a window": "open(URL)",
    "a WebSocket": "new WebSocket(URL.replace('http', 'ws'))",
}


class Watched:
    """A port of the local Google: what came to its guard, with which answer, and what got past the guard."""

    def __init__(self) -> None:
        self.url = ""
        self.answers = queue.Queue[tuple[str, int]]()
        self.passed = list[str]()

    async def answer(self, scope: Any, _receive: Any, send: Any) -> None:
        """What is behind the guard."""
        if scope["type"] == "http":
            self.passed.append(scope["path"])
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
            await send({"type": "http.response.body", "body": b"<!doctype html><title>ours</title><body>"})

    def before(self, guard: Any) -> Any:
        """What is before it."""

        async def watching(scope: Any, receive: Any, send: Any) -> None:
            async def send_and_note(message: Any) -> None:
                if message["type"] == "http.response.start":
                    self.answers.put((scope["path"], message["status"]))
                await send(message)

            await guard(scope, receive, send_and_note)

        return watching

    def status_of(self, path: str) -> int:
        """The status with which the next request for this path was answered."""
        while True:
            found, status = self.answers.get(timeout=LIMIT_SECONDS)
            if found == path:
                return status


@pytest.fixture(scope="module")
def watched() -> Iterator[Watched]:
    port, bound = Watched(), listener(0)
    config = server_settings(port.answer)
    config.app = port.before(config.app)
    port.url = f"http://127.0.0.1:{bound.getsockname()[1]}"
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
    thread.start()
    yield port
    server.should_exit = True
    thread.join()
    bound.close()


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[str]:
    """A site of its own on this machine, such as one has while developing another."""

    page = b"<!doctype html><title>elsewhere</title><body>"
    with serving(Answer(body=page, headers={"Content-Type": "text/html"})) as server:
        yield f"{server.url}/"


@pytest.fixture
def fresh(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("way", WAYS)
def test_another_page_is_refused_in_every_way(fresh: Page, watched: Watched, elsewhere: str, way: str) -> None:
    path = f"/_local/{list(WAYS).index(way)}"
    fresh.goto(elsewhere)
    fresh.evaluate(f"() => {{ {WAYS[way].replace('URL', repr(watched.url + path))} }}")
    assert watched.status_of(path) == 403
    assert path not in watched.passed


@pytest.mark.parametrize("way", ["a request that reads", "an image", "a script", "a module", "a style sheet"])
def test_our_own_page_is_answered(fresh: Page, watched: Watched, way: str) -> None:
    path = f"/_local/own-{list(WAYS).index(way)}"
    fresh.goto(f"{watched.url}/")
    fresh.evaluate(f"() => {{ {WAYS[way].replace('URL', repr(watched.url + path))} }}")
    assert watched.status_of(path) == 200
    assert path in watched.passed


def test_a_name_that_is_turned_to_this_machine_is_refused_on_each_port(
    fresh: Page, watched: Watched, aws_url: str
) -> None:
    for address in (f"{watched.url}/", f"{watched.url}/_local/resources", f"{aws_url}/_ministack/health"):
        turned = fresh.goto(address.replace("127.0.0.1", "turned.example"))
        asked = fresh.goto(address)
        assert (turned and turned.status, asked and asked.status) == (421, 200)
