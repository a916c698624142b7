"""Junk in any field of any request is the client's error, never ours: nothing a client sends gives 500."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from tests.emulator.bodies import requests_of
from tests.emulator.chain import Chain

JUNK: list[Any] = [None, 1, -1.5, True, "", "x" * 5000, "\u0000", [], [1], [None], {}, {"a": {"b": [1]}}]


def variations(value: Any) -> Iterator[Any]:
    """The value with each of its parts in turn replaced by junk."""
    yield from copy.deepcopy(JUNK)
    if isinstance(value, dict):
        for key in value:
            for other in variations(value[key]):
                yield {**value, key: other}
    elif isinstance(value, list) and value:
        for other in variations(value[0]):
            yield [other, *value[1:]]


@pytest.mark.parametrize("index", range(len(requests_of("ds"))))
def test_junk_in_any_field_is_the_clients_error(chain: Chain, index: int) -> None:
    method, path, good = requests_of(chain.dataset)[index]
    sent = 0
    for body in variations(good):
        answer = chain.google.call(
            method, path, body, token=None if path == "/v1/token" else "deployer-token-of-the-tests"
        )
        assert answer.status_code != 500, (method, path, body, answer.text)
        assert answer.status_code < 500 or answer.status_code == 501, (method, path, body, answer.text)
        assert answer.headers["content-type"] == "application/json"
        sent += 1
    assert sent >= len(JUNK)
