"""Every function on the page about functions is run against a local Google, and returns what the page says."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from keyless_bigquery.components.program import ROOT
from pulumi_offline.local_function import LocalFunction
from tests.docs.pages import read
from tests.http_server import Answer, Request, serving

PAGE = ROOT / "docs" / "function.md"
README = ROOT / "README.md"
PROJECT = "my-project"
USERS = [{"user_id": 1, "name": "Alice"}, {"user_id": 2, "name": "Alice"}, {"user_id": 3, "name": "Bob"}]
USERS += [{"user_id": 4, "name": "Bob"}]
ORDERS: list[dict[str, Any]] = [
    {"user_id": 1, "item": "pear", "price": "1.25", "day": "2026-01-01"},
    {"user_id": 3, "item": "fig", "price": "1.50", "day": "2026-01-02"},
    {"user_id": 4, "item": "plum", "price": "2.25", "day": "2026-01-03"},
]


@dataclass(frozen=True, kw_only=True)
class Example:
    """A handler of the page, with the event that it is called with, and what it returns."""

    heading: str
    code: str
    event: Any
    returned: Any


def examples() -> Iterator[Example]:
    heading = ""
    blocks: list[tuple[str, str, str]] = []
    for token, following in zip(tokens := read(PAGE).tokens, [*tokens[1:], None], strict=True):
        if token.type == "heading_open" and following is not None:
            heading = following.content
        if token.type == "fence" and token.info in {"python", "json"}:
            blocks.append((heading, token.info, token.content))
    for place, (where, kind, code) in enumerate(blocks):
        if kind == "python" and "def lambda_handler" in code:
            event, returned = (json.loads(content) for _, _, content in blocks[place + 1 : place + 3])
            yield Example(heading=where, code=code, event=event, returned=returned)


EXAMPLES = list(examples())


@pytest.fixture(scope="session")
def federation_seed() -> dict[str, Any]:
    """The default's, under the project's name that the page uses."""
    import yaml

    text = (ROOT / "packages/federation-emulator/src/federation_emulator/function.yaml").read_text()
    return dict(yaml.safe_load(text.replace("local-keyless", PROJECT)))


@pytest.fixture
def shop(local_function: LocalFunction) -> LocalFunction:
    local_function.add_table("shop.users", {"user_id": "INT64", "name": "STRING"}, USERS)
    columns = {"user_id": "INT64", "item": "STRING", "price": "NUMERIC", "day": "DATE"}
    local_function.add_table("shop.orders", columns, ORDERS)
    return local_function


def handler_of(code: str) -> Callable[[Any, Any], object]:
    names: dict[str, Any] = {}
    exec(compile(code, str(PAGE), "exec"), names)  # noqa: S102 - the page's own code is what is tested
    handler: Callable[[Any, Any], object] = names["lambda_handler"]
    return handler


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, bytes]]:
    """What is put into S3, by path."""
    put: dict[str, bytes] = {}

    def s3(request: Request) -> Answer:
        put[request.path] = request.body
        return Answer()

    with serving(s3) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", server.url)
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ASIAPLANTEDKEYID0000")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "planted")
        yield put


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.heading)
def test_each_function_returns_what_the_page_says(
    example: Example, shop: LocalFunction, bucket: dict[str, bytes]
) -> None:
    handler = handler_of(example.code)
    assert shop.invoke(handler, example.event, environment={"BUCKET": "acme-reports"}) == example.returned
    if example.heading == "Pass rows on":
        lines = bucket["/acme-reports/users/0.json"].decode()
        assert [json.loads(line) for line in lines.splitlines() if line.startswith("{")] == USERS


def test_the_function_of_the_readme_counts_users(shop: LocalFunction) -> None:
    (code,) = [token.content for token in read(README).tokens if token.type == "fence" and token.info == "python"]
    counted = shop.invoke(handler_of(code), {"least": 2})
    assert counted == [{"name": "Alice", "users": 1}, {"name": "Bob", "users": 2}]


def test_the_test_on_the_page_passes_with_the_first_function(tmp_path: Path) -> None:
    (test,) = [
        token.content
        for token in read(PAGE).tokens
        if token.type == "fence" and token.info == "python" and "def test_" in token.content
    ]
    (tmp_path / "handler.py").write_text(EXAMPLES[0].code)
    (tmp_path / "test_handler.py").write_text(test)
    command = [sys.executable, "-m", "pytest", "-q", "--rootdir", str(tmp_path), "-c", "/dev/null", "-p"]
    done = subprocess.run(
        [*command, "pulumi_offline.local_function", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout
