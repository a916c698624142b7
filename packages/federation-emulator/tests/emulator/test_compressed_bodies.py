"""A body may come as gzip, as Google's client for Java sends each: whole, alone, and no larger than a plain one."""

from __future__ import annotations

import gzip
import json
import zlib

import pytest
import requests

from federation_emulator.core.http import MOST_BODY_BYTES, MOST_HELD_BYTES
from tests.emulator.google_server import PROJECT, Google

PATH = f"/v1/projects/{PROJECT}/services:batchEnable"
PLAIN = json.dumps({"serviceIds": ["sts.googleapis.com"]}).encode()
PACKED = gzip.compress(PLAIN)


def sent(google: Google, body: bytes, encoding: str) -> requests.Response:
    headers = {"Content-Type": "application/json", "Content-Encoding": encoding}
    return google.call("POST", PATH, data=body, headers=headers)


def padded(size: int) -> bytes:
    """The same message in so many bytes."""
    return PLAIN + b" " * (size - len(PLAIN))


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "gzip "])
def test_a_gzip_body_is_read_as_what_is_in_it(shared: Google, encoding: str) -> None:
    assert sent(shared, PACKED, encoding).status_code == 200
    # A plain one is not mistaken for gzip, nor gzip for a plain one.
    assert sent(shared, PLAIN, encoding).status_code == 400
    assert sent(shared, PLAIN, "identity").status_code == 200
    assert sent(shared, PACKED, "identity").status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        *(b"", PACKED[:5], PACKED[:-9], PACKED[:-1], PACKED[:-8] + bytes(8), PACKED + b"x", PACKED + PACKED),
        *(zlib.compress(PLAIN), zlib.compress(PLAIN, wbits=-15), gzip.compress(PACKED), gzip.compress(b"[]")),
    ],
    ids=lambda body: f"{len(body)} bytes",
)
def test_what_is_no_whole_gzip_of_a_message_is_400(shared: Google, body: bytes) -> None:
    answer = sent(shared, body, "gzip")
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["status"] == "INVALID_ARGUMENT"


def test_the_limit_is_that_of_the_unpacked_body(shared: Google) -> None:
    assert sent(shared, gzip.compress(padded(MOST_BODY_BYTES)), "gzip").status_code == 200
    for size in (MOST_BODY_BYTES + 1, MOST_HELD_BYTES, 2 * MOST_HELD_BYTES):
        assert sent(shared, gzip.compress(padded(size), compresslevel=1), "gzip").status_code == 413, size


@pytest.mark.parametrize("encoding", ["br", "deflate", "x-gzip", "gzip, gzip", "identity, gzip", "gzip;q=1", "zstd"])
def test_another_encoding_is_501_by_its_name(shared: Google, encoding: str) -> None:
    answer = sent(shared, PACKED, encoding)
    assert answer.status_code == 501
    assert f"Content-Encoding {encoding} " in answer.json()["error"]["message"]
