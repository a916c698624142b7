"""Fifty clients run the whole chain while policies change: a change that was acknowledged holds for all of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum

import pytest
import requests

from federation_emulator.client.cloud import LocalCloud
from tests.emulator.chain import (
    ACCOUNT_PATH,
    BIGQUERY_PATH,
    MEMBER,
    PROVIDER_PATH,
    READER,
    ROLE,
    Chain,
    Keys,
    LocalAccount,
    deploy,
)
from tests.emulator.google_server import DEPLOYER_TOKEN, PROJECT, Google, TurnedClock
from tests.emulator.signing import document, form

CLIENTS = 50
ROUNDS = 1
CALLS_PER_WINDOW = 30
LIMIT_SECONDS = 40.0
SCOPE = "https://www.googleapis.com/auth/cloud-platform"


class Door(Enum):
    """A call of the chain, and what the test opens and shuts for it."""

    EXCHANGE = "the provider"
    IMPERSONATION = "the binding on the service account"
    JOB = "jobUser on the project"
    TABLE = "dataViewer on the table"


@dataclass(frozen=True)
class Call:
    """One call of a client, by the clock of this process."""

    doors: tuple[Door, ...]
    began: float
    ended: float
    allowed: bool


@dataclass(frozen=True)
class Window:
    """A time in which a door was known to be open, or known to be shut, once the acknowledgement had come."""

    door: Door
    opened: bool
    began: float
    ended: float


@dataclass
class Record:
    """What all clients met."""

    calls: list[Call] = field(default_factory=list)
    surprises: list[str] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)
    moved: threading.Condition = field(default_factory=threading.Condition)

    def add(self, call: Call) -> None:
        with self.moved:
            self.calls.append(call)
            self.moved.notify_all()

    def wait_for_calls(self, door: Door, number: int) -> None:
        """Return when so many calls through a door have begun and ended from now on."""
        since = time.monotonic()

        def there() -> bool:
            recent = [call for call in self.calls[-1000:] if door in call.doors and call.began > since]
            return len(recent) >= number or bool(self.surprises)

        with self.moved:
            assert self.moved.wait_for(there, LIMIT_SECONDS), f"no {number} calls at {door.value} in time"


class ChildGoogle(Google):
    """The local Google in a process of its own."""

    deployer = ""

    def call(
        self, method: str, path: str, body: object = None, *, token: str | None = DEPLOYER_TOKEN, **more: object
    ) -> requests.Response:
        """Send a request, as this cloud's deployer where no other token is given."""
        token = self.deployer if token == DEPLOYER_TOKEN else token
        return super().call(method, path, body, token=token, **more)


@pytest.fixture(scope="module")
def chain() -> Iterator[Chain]:
    with LocalCloud.start() as cloud, requests.Session() as session:
        session.trust_env = False
        google = ChildGoogle(cloud.google_url, TurnedClock(), session)
        google.deployer = cloud.deployer_token
        yield deploy(google, LocalAccount(cloud.aws_url))


class Client:
    """Exchanges, impersonates and queries again and again, with the newest token that was given out."""

    def __init__(self, chain: Chain, keys: Keys, record: Record) -> None:
        self._url, self._record = chain.google.url, record
        self._exchange = form(document(keys))
        self._query = {"query": chain.sql("SELECT COUNT(*) FROM {users}"), "useLegacySql": False}

    def run(self) -> None:
        federated = access = ""
        impersonation = f"/v1/projects/-/serviceAccounts/{READER}:generateAccessToken"
        with requests.Session() as session:
            session.trust_env = False
            while not self._record.stopped.is_set():
                found = self._call(session, (Door.EXCHANGE,), 400, "/v1/token", data=self._exchange)
                federated = found.get("access_token", federated)
                body = {"scope": [SCOPE]}
                found = self._call(session, (Door.IMPERSONATION,), 403, impersonation, token=federated, json=body)
                access = found.get("accessToken", access)
                path = f"{BIGQUERY_PATH}/queries"
                self._call(session, (Door.JOB, Door.TABLE), 403, path, token=access, json=self._query)

    def _call(
        self,
        session: requests.Session,
        doors: tuple[Door, ...],
        refusal: int,
        path: str,
        *,
        token: str = "",
        **body: object,
    ) -> dict[str, str]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        began = time.monotonic()
        answer = session.post(self._url + path, headers=headers, timeout=LIMIT_SECONDS, **body)  # type: ignore[arg-type]  # data or json
        self._record.add(Call(doors, began, time.monotonic(), answer.ok))
        if answer.status_code not in {200, refusal}:
            self._record.surprises.append(f"{doors[0].name}: {answer.status_code} {answer.text[:300]}")
        found: dict[str, str] = answer.json()
        return found


def set_policy(google: Google, path: str, change: Callable[[list[dict[str, object]]], list[dict[str, object]]]) -> None:
    """Read, change, write with the etag; again when another was faster, as every client does."""
    for _ in range(1000):
        policy = google.done("POST", f"{path}:getIamPolicy")
        changed = {**policy, "bindings": change(policy.get("bindings", []))}
        answer = google.call("POST", f"{path}:setIamPolicy", {"policy": changed})
        if answer.ok:
            return
        assert answer.status_code == 409, answer.text
    raise AssertionError(f"{path}: no policy was written in a thousand tries")


def move(chain: Chain, door: Door, *, opened: bool) -> None:
    """Open or shut a door, and return when the local Google has acknowledged it."""
    if door is Door.EXCHANGE:
        chain.google.done("PATCH", f"{PROVIDER_PATH}?updateMask=disabled", {"disabled": not opened})
        return
    path, role, member = {
        Door.IMPERSONATION: (ACCOUNT_PATH, "roles/iam.workloadIdentityUser", MEMBER),
        Door.JOB: (f"/v1/projects/{PROJECT}", "roles/bigquery.jobUser", f"serviceAccount:{READER}"),
        Door.TABLE: (f"{chain.tables_path}/users", "roles/bigquery.dataViewer", f"serviceAccount:{READER}"),
    }[door]

    def change(bindings: list[dict[str, object]]) -> list[dict[str, object]]:
        kept = [binding for binding in bindings if binding["role"] != role]
        return [*kept, {"role": role, "members": [member]}] if opened else kept

    set_policy(chain.google, path, change)


def shut_and_open(chain: Chain, record: Record) -> list[Window]:
    """Shut and open each door in turn, and return in which times each state was sure to hold."""
    windows = []
    for door in [*Door] * ROUNDS:
        for opened in (False, True):
            move(chain, door, opened=opened)
            acknowledged = time.monotonic()
            record.wait_for_calls(door, CALLS_PER_WINDOW)
            windows.append(Window(door, opened, acknowledged, time.monotonic()))
    return windows


@pytest.mark.timeout(150)
def test_fifty_clients_never_pass_a_door_that_was_shut_and_none_is_kept_out_of_an_open_one(chain: Chain) -> None:
    account = LocalAccount(chain.aws.url)
    keys, record = account.assume(ROLE), Record()
    clients = [threading.Thread(target=Client(chain, keys, record).run) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    try:
        record.wait_for_calls(Door.TABLE, 2 * CLIENTS)
        windows = shut_and_open(chain, record)
    finally:
        record.stopped.set()
        for client in clients:
            client.join(LIMIT_SECONDS)
    assert record.surprises == []
    for window in windows:
        inside = [
            c for c in record.calls if window.door in c.doors and window.began < c.began and c.ended < window.ended
        ]
        assert len(inside) >= CALLS_PER_WINDOW, f"{window}: only {len(inside)} calls"
        wrong = [call for call in inside if call.allowed is not window.opened]
        assert not wrong, f"{window.door.value}, {'open' if window.opened else 'shut'}: {len(wrong)} of {len(inside)}"


def test_fifty_writers_of_one_policy_lose_no_update(chain: Chain) -> None:
    path = f"{chain.tables_path}/secrets"
    failures: list[BaseException] = []

    def write(number: int) -> None:
        with requests.Session() as session:
            session.trust_env = False
            google = ChildGoogle(chain.google.url, chain.google.clock, session)
            google.deployer = chain.google.deployer  # type: ignore[attr-defined]  # the fixture's is a ChildGoogle
            member = f"user:writer-{number}@example.com"
            try:
                set_policy(
                    google, path, lambda found: [*found, {"role": "roles/bigquery.dataViewer", "members": [member]}]
                )
            except BaseException as failure:  # noqa: BLE001  (reported by the test, which runs in another thread)
                failures.append(failure)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(CLIENTS)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(LIMIT_SECONDS)
    assert failures == []
    (binding,) = chain.google.done("POST", f"{path}:getIamPolicy")["bindings"]
    assert sorted(binding["members"]) == sorted(f"user:writer-{number}@example.com" for number in range(CLIENTS))
