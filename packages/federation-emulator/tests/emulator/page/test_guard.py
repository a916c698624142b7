"""What is the local cloud's own is for the user's browser on this machine, and for no site that is open in it."""

from __future__ import annotations

import pytest
import requests

from federation_emulator.console.page.guard import is_own
from federation_emulator.core.app import _ROUTES
from tests.emulator.google_server import Google

OWN = sorted(
    {path.replace("{file:name}", "main.js") for method, path, _ in _ROUTES if method == "GET" and is_own(path)}
)
GOOGLES = "/$discovery/rest?version=v2"


def test_googles_paths_carry_none_of_the_pages_headers(shared: Google) -> None:
    answer = shared.call("GET", GOOGLES)
    assert answer.status_code == 200
    assert "content-security-policy" not in answer.headers


def test_the_page_may_call_its_own_origin_and_no_other_page_may(shared: Google) -> None:
    answered = {"Origin": shared.url, "Sec-Fetch-Site": "same-origin"}
    for path in OWN:
        assert shared.call("GET", path, headers=answered).status_code in {200, 404}
        assert shared.call("GET", path, headers={"Origin": "http://127.0.0.1:9"}).status_code == 403
    assert shared.call("GET", GOOGLES, headers={"Origin": shared.url}).status_code == 403
    assert shared.call("GET", GOOGLES, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 403


@pytest.mark.parametrize("path", [*OWN, "/page/nothing.js", "/page/", "/_local/nothing"])
def test_no_answer_of_its_own_is_shared_kept_or_taken_for_something_else(shared: Google, path: str) -> None:
    for headers in ({}, {"Origin": "http://attacker.example"}, {"Host": "attacker.example"}):
        answer = shared.call("GET", path, headers=headers)
        assert not [name for name in answer.headers if name.lower().startswith("access-control-")]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        policy = answer.headers["content-security-policy"].split("; ")
        assert {"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"} <= set(policy)
        assert not [rule for rule in policy if "unsafe" in rule or "*" in rule or "http" in rule]


@pytest.mark.parametrize(
    ("path", "kind"), [("/", "text/html"), ("/page/style.css", "text/css"), ("/page/main.js", "text/javascript")]
)
def test_the_page_and_its_files_can_be_got_and_nothing_else_done_to_them(shared: Google, path: str, kind: str) -> None:
    for method in ("GET", "HEAD"):
        answer = shared.call(method, path, token=None)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == f"{kind}; charset=utf-8"
        assert bool(answer.content) is (method == "GET")
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        refused = shared.call(method, path, token=None)
        assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    "path",
    ["/page/nothing.js", "/page/../routes.py", "/page/%2e%2e%2froutes.py", "/page/..%5croutes.py", "/page/index.html"],
)
def test_nothing_else_is_read_from_the_disk(shared: Google, path: str) -> None:
    # Prepared by hand: requests itself would take the dots out.
    prepared = requests.Request("GET", shared.url).prepare()
    prepared.url = shared.url + path
    assert shared.session.send(prepared, timeout=10).status_code == 404
