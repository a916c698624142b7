"""The tests' HTTP server fails the test whose handler fails, and hides nothing of what came."""

from __future__ import annotations

import pytest
import requests

from tests.http_server import Answer, Request, forwarding, json_answer, serving


def test_what_a_handler_raises_closes_the_connection_and_is_raised_by_the_block() -> None:
    def fails(_: Request) -> Answer:
        raise LookupError("not scripted")

    with (
        pytest.raises(LookupError, match="not scripted"),
        serving(fails) as server,
        pytest.raises(requests.ConnectionError),
    ):
        requests.get(server.url, timeout=10)


def test_a_request_is_handed_on_as_it_came_and_its_answer_given_back() -> None:
    with serving(lambda asked: json_answer(asked.json, 201)) as behind, serving(forwarding(behind.url)) as server:
        answer = requests.post(f"{server.url}/path?a=1&a=2", json={"b": "c"}, headers={"X-Own": "d"}, timeout=10)
    assert (answer.status_code, answer.json()) == (201, {"b": "c"})
    (came,) = behind.requests
    assert (came.method, came.path, came.query, came.headers["x-own"]) == ("POST", "/path", {"a": ["1", "2"]}, "d")
