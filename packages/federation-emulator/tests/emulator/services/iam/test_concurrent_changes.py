"""Policies that several change at once: no change is lost, and none is made by who has lost the right to it."""

from __future__ import annotations

import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tests.emulator.google_server import DEPLOYER_TOKEN, PROJECT, SECOND_PROJECT, Google

WRITERS = 12
MEMBERS_EACH = 4
MOST_ATTEMPTS = 500
ROLE = "roles/bigquery.jobUser"
PATHS = [f"/v1/projects/{project}" for project in (PROJECT, SECOND_PROJECT)]
CONDITION = {"title": "always", "expression": "request.time > timestamp('2020-01-01T00:00:00Z')"}


def add(google: Google, path: str, member: str, *, conditional: bool) -> int:
    """Read, change, write with the etag; again as long as another writer was faster. Returns how often that was."""
    with requests.Session() as session:
        session.trust_env = False
        own = Google(url=google.url, clock=google.clock, session=session)
        for attempt in range(MOST_ATTEMPTS):
            policy = own.done("POST", f"{path}:getIamPolicy", {"options": {"requestedPolicyVersion": 3}})
            binding = {"role": ROLE, "members": [member], **({"condition": CONDITION} if conditional else {})}
            policy["bindings"].append(binding)
            written = own.call("POST", f"{path}:setIamPolicy", {"policy": {**policy, "version": 3}})
            if written.ok:
                return attempt
            assert (written.status_code, written.json()["error"]["status"]) == (409, "ABORTED"), written.text
    pytest.fail(f"{member} was never written in {MOST_ATTEMPTS} attempts")


def test_every_members_change_survives_all_the_others(quiet_google: Google) -> None:
    began = threading.Barrier(WRITERS)

    def write(writer: int) -> int:
        began.wait(20)
        return sum(
            add(quiet_google, PATHS[n % 2], f"user:w{writer}-{n}@example.com", conditional=writer % 3 == 0)
            for n in range(MEMBERS_EACH)
        )

    with ThreadPoolExecutor(WRITERS) as pool:
        refused = sum(pool.map(write, range(WRITERS)))
    assert refused, "no writer was ever too late, so nothing was tried here"
    for index, path in enumerate(PATHS):
        policy = quiet_google.done("POST", f"{path}:getIamPolicy", {"options": {"requestedPolicyVersion": 3}})
        found = {
            (member, "condition" in binding)
            for binding in policy["bindings"]
            if binding["role"] == ROLE
            for member in binding["members"]
        }
        assert found == {
            (f"user:w{writer}-{n}@example.com", writer % 3 == 0)
            for writer in range(WRITERS)
            for n in range(MEMBERS_EACH)
            if n % 2 == index
        }


def test_who_lost_a_right_while_sending_slowly_has_lost_it(quiet_google: Google) -> None:
    path, host = PATHS[1], urlsplit(quiet_google.url)
    before = quiet_google.done("POST", f"{path}:getIamPolicy")
    body = json.dumps({"policy": {"bindings": [*before["bindings"], {"role": ROLE, "members": ["user:a@b.c"]}]}})
    head = (
        f"POST {path}:setIamPolicy HTTP/1.1\r\nHost: {host.netloc}\r\nAuthorization: Bearer {DEPLOYER_TOKEN}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection((str(host.hostname), host.port or 0), timeout=20) as slow:
        slow.sendall((head + body[:20]).encode())
        quiet_google.done("GET", "/_local/health")  # the server has read what came before this
        heir: dict[str, Any] = {"bindings": [{"role": "roles/owner", "members": ["user:heir@local.invalid"]}]}
        quiet_google.done("POST", f"{path}:setIamPolicy", {"policy": heir})
        slow.sendall(body[20:].encode())
        answer = slow.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 403"), answer[:200]
    shown = quiet_google.done("GET", "/_local/resources")["policies"][f"projects/{SECOND_PROJECT}"]
    assert shown["bindings"] == heir["bindings"]
