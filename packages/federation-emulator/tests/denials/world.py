"""One walk along the chain, every part of which a case can put wrong, and put right again."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from google.auth.external_account import Credentials

from federation_emulator.core.trace import Link
from tests.emulator import identity
from tests.emulator.chain import (
    ACCOUNT,
    ACCOUNT_PATH,
    BIGQUERY_PATH,
    POOL_NAME,
    PROVIDER_PATH,
    READER,
    SCOPE,
    Chain,
    Keys,
    LocalAccount,
    deploy,
    make_table,
)
from tests.emulator.conftest import set_environment
from tests.emulator.google_server import PROJECT, Google, serving
from tests.emulator.issuer_pages import Pages
from tests.emulator.signing import Document, document, form, header

ROLE_SET = f"principalSet://iam.googleapis.com/{POOL_NAME}/attribute.aws_role/arn:aws:sts::{ACCOUNT}:assumed-role/"
PROJECT_PATH = f"/v1/projects/{PROJECT}"
ALL_ROWS = "SELECT user_id, name FROM {users} ORDER BY user_id"


@dataclass(frozen=True)
class Outcome:
    """Where a walk ended: at the link that refused, or with rows. Only the trace knows the link of a single call."""

    link: Link | None
    answer: requests.Response
    rows_wanted: bool = True

    @property
    def arrived(self) -> bool:
        """Whether it got through: to rows, where rows were asked for."""
        return self.answer.ok and (not self.rows_wanted or len(self.answer.json().get("rows", [])) > 0)


@dataclass
class World:
    """A deployed chain, and the walk through it as the right caller makes it until a case says otherwise.

    Attributes:
        chain: What is deployed.
        right_keys: A session of the right role.
        keys: Who signs.
        bigquery_url: The BigQuery emulator behind the local Google, for another run of it.
        signing: How the subject token differs from the right one; arguments of ``signing.document``.
        edits: What is done to the subject token after signing, in order.
        token: Makes an OIDC token, which is exchanged in place of a signed request; ``None`` signs one.
        form: How the exchange's own fields differ.
        headers: Headers of the exchange.
        federated: A token to impersonate with instead of exchanging; ``None`` exchanges.
        account: Whom to impersonate; empty queries as the federated principal itself.
        impersonation: How the impersonation's body differs.
        access: A token to query with instead of impersonating; ``None`` impersonates.
        payer: The project in which the job is created.
        sql: The query; ``{table}`` in it is the next, and ``{new}`` one that isn't there yet.
        table: A table of the dataset that a case has made.
        new_in: The dataset of ``{new}``; empty for the one of the other tables.
        call: A call to make instead of the walk.
        account_id: The unique id of an account that was deleted.
        pages: What an issuer publishes, where a case has one of its own.
        ending: Ends with the case, and what a case puts on it with it.
        seen: Every key, signature and token that came up, to be looked for where none may be.
    """

    chain: Chain
    right_keys: Keys
    keys: Keys
    bigquery_url: str
    signing: dict[str, Any] = field(default_factory=dict)
    edits: list[Callable[[Document], Document]] = field(default_factory=list)
    token: Callable[[], str] | None = None
    form: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    federated: str | None = None
    account: str = READER
    impersonation: dict[str, Any] = field(default_factory=dict)
    access: str | None = None
    payer: str = PROJECT
    sql: str = ALL_ROWS
    table: str = ""
    new_in: str = ""
    call: Callable[[], requests.Response] | None = None
    account_id: str = ""
    pages: Pages | None = None
    ending: ExitStack = field(default_factory=ExitStack)
    seen: set[str] = field(default_factory=set, repr=False)

    @property
    def google(self) -> Google:
        """The local Google."""
        return self.chain.google

    @property
    def aws(self) -> LocalAccount:
        """The provider's AWS account."""
        return self.chain.aws

    # The walk

    def walk(self) -> Outcome:
        """Go as far as one is let, with requests made by hand."""
        if self.call is not None:
            return Outcome(None, self.call(), rows_wanted=False)
        federated = self.federated
        if federated is None and self.access is None:
            answer = self.exchange()
            if not answer.ok:
                return Outcome(Link.TOKEN_EXCHANGE, answer)
            federated = answer.json()["access_token"]
        access = self.access if self.account else federated
        if access is None:
            answer = self.impersonate(federated or "")
            if not answer.ok:
                return Outcome(Link.IMPERSONATION, answer)
            access = answer.json()["accessToken"]
        return Outcome(Link.TABLE, self.query(access), rows_wanted=self.rows_wanted)

    @property
    def rows_wanted(self) -> bool:
        """Whether the query only reads."""
        return self.sql.startswith(("SELECT", "WITH"))

    @property
    def plain(self) -> bool:
        """Whether real clients make this walk: whatever a case put wrong, it is not in the requests themselves."""
        by_hand = (self.call, self.signing, self.edits, self.form, self.headers, self.federated, self.impersonation)
        return not any(by_hand) and self.access is None

    def walk_with_real_clients(self) -> bool:
        """The same walk with google-auth and google-cloud-bigquery, as the function makes it; they raise if refused.

        Returns:
            Whether it arrived: at rows, where rows were asked for.
        """
        with pytest.MonkeyPatch.context() as environment, tempfile.TemporaryDirectory() as folder:
            set_environment(environment, self.keys)
            base = f"{self.google.url}/v1/projects/-/serviceAccounts"
            changes = {"service_account_impersonation_url": f"{base}/{self.account}:generateAccessToken"}
            credentials: Credentials
            if self.token:
                file = Path(folder, "token")
                file.write_text(self.token())
                credentials = identity.credentials(self.google, file, impersonated=bool(self.account))
            else:
                credentials = self.chain.credentials(**changes) if self.account else self.chain.direct_credentials()
            with self.chain.client(credentials, project=self.payer) as client:
                rows = list(client.query_and_wait(self.filled(self.sql), retry=None, job_retry=None))
        return bool(rows) or not self.rows_wanted

    def exchange(self) -> requests.Response:
        """The exchange alone."""
        if self.token:
            token = self.token()
            self.seen |= {token, *(token.split(".")[1:] if token.count(".") == 2 else [])} - {""}
            return self._remember(identity.exchange(self.google, token, **self.form), "access_token")
        signed = document(self.keys, **self.signing)
        for edit in self.edits:
            signed = edit(signed)
        signature = header(signed, "authorization")["value"].rpartition("Signature=")[2]
        self.seen |= {self.keys.secret, self.keys.token, signature}
        fields = form(signed, **self.form)
        answer = self.google.session.post(f"{self.google.url}/v1/token", data=fields, headers=self.headers, timeout=20)
        return self._remember(answer, "access_token")

    def impersonate(self, federated: str) -> requests.Response:
        """The impersonation alone."""
        self.seen.add(federated)
        body = {"scope": [SCOPE], **self.impersonation}
        path = f"/v1/projects/-/serviceAccounts/{self.account}:generateAccessToken"
        return self._remember(self.google.call("POST", path, body, token=federated), "accessToken")

    def query(self, access: str) -> requests.Response:
        """The query alone."""
        self.seen.add(access)
        body = {"query": self.filled(self.sql), "useLegacySql": False}
        return self.google.call("POST", f"/bigquery/v2/projects/{self.payer}/queries", body, token=access)

    def federated_token(self) -> str:
        """A federated token of the right caller."""
        token: str = self.exchange().json()["access_token"]
        return token

    def access_token(self) -> str:
        """An access token of the right caller."""
        token: str = self.impersonate(self.federated_token()).json()["accessToken"]
        return token

    def filled(self, sql: str) -> str:
        """Put the tables' names into a statement; see ``sql`` and ``Chain.sql``."""
        new = f"`{PROJECT}.{self.new_in or self.chain.dataset}.new_{secrets.token_hex(4)}`"
        return self.chain.sql(sql.replace("{table}", f"`{{dataset}}.{self.table}`").replace("{new}", new))

    # What cases change

    @contextmanager
    def another_run(self) -> Iterator[World]:
        """The same, deployed on another run of the local Google."""
        with serving(aws_url=self.aws.url, bigquery_url=self.bigquery_url) as google:
            chain = deploy(google, self.aws, dataset=self.chain.dataset)
            yield World(chain, right_keys=self.right_keys, keys=self.right_keys, bigquery_url=self.bigquery_url)

    def turn_clock(self, **ahead: float) -> None:
        """Put the local Google's clock ahead of the world's; without arguments, right."""
        self.google.clock.ahead = timedelta(**ahead)

    def patch_provider(self, **fields: Any) -> None:
        """Change some fields of the provider."""
        mask = ",".join(fields)
        self.google.done("PATCH", f"{PROVIDER_PATH}?updateMask={mask}", fields)

    def switch_api(self, name: str, *, on: bool) -> None:
        """Enable or disable an API in the project."""
        verb = "enable" if on else "disable"
        self.google.done("POST", f"{PROJECT_PATH}/services/{name}.googleapis.com:{verb}", {})

    def switch_account(self, *, on: bool) -> None:
        """Enable or disable the reader's service account."""
        self.google.done("POST", f"{ACCOUNT_PATH}:{'enable' if on else 'disable'}", {})

    def make_table(self) -> None:
        """Make a table like ``users`` that the case may change, granted to no principal."""
        self.table = f"table_{secrets.token_hex(4)}"
        make_table(self.google, self.chain.dataset, self.table)

    def table_path(self, table: str) -> str:
        """Where a table of the dataset is in the REST API."""
        return f"{BIGQUERY_PATH}/datasets/{self.chain.dataset}/tables/{table}"

    def _remember(self, answer: requests.Response, name: str) -> requests.Response:
        if answer.ok:
            self.seen.add(answer.json()[name])
        return answer
