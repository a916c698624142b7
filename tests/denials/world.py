"""One walk along the chain, every part of which a case can put wrong, and put right again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import requests

from local_cloud.trace import Link
from tests.local_cloud.chain import (
    ACCOUNT,
    POOL_NAME,
    PROVIDER_PATH,
    READER,
    ROLE,
    SCOPE,
    Chain,
    Keys,
    LocalAccount,
    deploy,
)
from tests.local_cloud.google_server import PROJECT, Google, serving
from tests.local_cloud.signing import Document, document, form

ROLE_SET = f"principalSet://iam.googleapis.com/{POOL_NAME}/attribute.aws_role/arn:aws:sts::{ACCOUNT}:assumed-role/"


@dataclass(frozen=True)
class Outcome:
    """Where a walk ended: at the link that refused, or with rows."""

    link: Link
    answer: requests.Response
    rows_wanted: bool = True

    @property
    def arrived(self) -> bool:
        """Whether it got through: to rows, where rows were asked for."""
        if not self.answer.ok or self.rows_wanted is False:
            return self.answer.ok
        return len(self.answer.json().get("rows", [])) > 0


@dataclass
class World:
    """A deployed chain, and the walk through it as the right caller makes it until a case says otherwise.

    Attributes:
        chain: What is deployed.
        keys: Who signs. Set on first use, so that cases which never sign cost nothing.
        signing: How the subject token differs from the right one; arguments of ``signing.document``.
        edits: What is done to the subject token after signing, in order.
        form: How the exchange's own fields differ.
        headers: Headers of the exchange.
        federated: A token to impersonate with instead of exchanging; ``None`` exchanges.
        account: Whom to impersonate; empty queries as the federated principal itself.
        impersonation: How the impersonation's body differs.
        access: A token to query with instead of impersonating; ``None`` impersonates.
        payer: The project in which the job is created.
        sql: The query.
        call: A call to make instead of the walk.
        account_id: The unique id of an account that was deleted.
        warehouse_url: The warehouse behind the local Google, for another run of it.
        seen: Every token and signature that came up, to be looked for where none may be.
    """

    chain: Chain
    signing: dict[str, Any] = field(default_factory=dict)
    edits: list[Callable[[Document], Document]] = field(default_factory=list)
    form: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    federated: str | None = None
    account: str = READER
    impersonation: dict[str, Any] = field(default_factory=dict)
    access: str | None = None
    payer: str = PROJECT
    sql: str = "SELECT user_id, name FROM {users} ORDER BY user_id"
    call: Callable[[], requests.Response] | None = None
    seen: list[str] = field(default_factory=list)
    account_id: str = ""
    warehouse_url: str = ""
    _keys: Keys | None = None

    @property
    def google(self) -> Google:
        """The local Google."""
        return self.chain.google

    @property
    def aws(self) -> LocalAccount:
        """The provider's AWS account."""
        return self.chain.aws

    @property
    def keys(self) -> Keys:
        """Who signs: a session of the right role, unless a case puts another one here."""
        if self._keys is None:
            self._keys = self.aws.assume(ROLE)
        return self._keys

    @keys.setter
    def keys(self, keys: Keys | None) -> None:
        self._keys = keys

    def walk(self) -> Outcome:
        """Go as far as one is let."""
        if self.call is not None:
            return Outcome(Link.ADMINISTRATION, self.call(), rows_wanted=False)
        federated = self.federated
        if federated is None and self.access is None:
            answer = self.exchange()
            if not answer.ok:
                return Outcome(Link.TOKEN_EXCHANGE, answer)
            federated = answer.json()["access_token"]
        access = self.access or (None if self.account else federated)
        if access is None:
            answer = self.impersonate(federated or "")
            if not answer.ok:
                return Outcome(Link.IMPERSONATION, answer)
            access = answer.json()["accessToken"]
        return Outcome(Link.TABLE, self.query(access), rows_wanted=self.sql.startswith(("SELECT", "WITH")))

    def exchange(self) -> requests.Response:
        """The exchange alone."""
        signed = document(self.keys, **self.signing)
        for edit in self.edits:
            signed = edit(signed)
        self.seen += [self.keys.secret, self.keys.token]
        fields = form(signed, **self.form)
        answer = self.google.session.post(f"{self.google.url}/v1/token", data=fields, headers=self.headers, timeout=20)
        return self._remember(answer, "access_token")

    def impersonate(self, federated: str) -> requests.Response:
        """The impersonation alone."""
        body = {"scope": [SCOPE], **self.impersonation}
        path = f"/v1/projects/-/serviceAccounts/{self.account}:generateAccessToken"
        return self._remember(self.google.call("POST", path, body, token=federated), "accessToken")

    def query(self, access: str) -> requests.Response:
        """The query alone."""
        body = {"query": self.chain.sql(self.sql), "useLegacySql": False}
        return self.google.call("POST", f"/bigquery/v2/projects/{self.payer}/queries", body, token=access)

    @contextmanager
    def another_run(self) -> Iterator[World]:
        """The same, deployed on another run of the local Google."""
        with serving(aws_url=self.aws.url, warehouse_url=self.warehouse_url) as google:
            yield World(deploy(google, self.aws))

    def federated_token(self) -> str:
        """A federated token of the right caller."""
        token: str = self.exchange().json()["access_token"]
        return token

    def access_token(self) -> str:
        """An access token of the right caller."""
        token: str = self.impersonate(self.federated_token()).json()["accessToken"]
        return token

    def turn_clock(self, **ahead: float) -> None:
        """Put the local Google's clock ahead of the world's; without arguments, right."""
        self.google.clock.ahead = timedelta(**ahead)

    def patch_provider(self, **fields: Any) -> None:
        """Change some fields of the provider."""
        mask = ",".join(fields)
        self.google.done("PATCH", f"{PROVIDER_PATH}?updateMask={mask}", fields)

    def _remember(self, answer: requests.Response, name: str) -> requests.Response:
        if answer.ok:
            self.seen.append(answer.json()[name])
        return answer
