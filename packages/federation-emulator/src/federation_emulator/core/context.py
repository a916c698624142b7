"""Everything a route may use, in one value, and the few look-ups that several services share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

from federation_emulator.client.issuer import Issuer
from federation_emulator.core.clock import Ahead, Clock, MovableClock
from federation_emulator.core.config import DEPLOYER, CloudConfig, Project
from federation_emulator.core.errors import permission_denied
from federation_emulator.core.permissions import NO_POLICY, Binding, Policy
from federation_emulator.core.store import Collection, new_etag
from federation_emulator.core.tokens import Token, Tokens
from federation_emulator.core.trace import Part, Trace, refuse
from federation_emulator.core.unsupported import UnsupportedRequests
from federation_emulator.core.upstream import Upstream
from federation_emulator.faults.model import FaultInjector
from federation_emulator.faults.propagation import Propagated
from federation_emulator.services.bigquery.job import Jobs
from federation_emulator.services.bigquery.model import Access, Catalogue, ColumnTags, Details, View
from federation_emulator.services.iam.key import Key
from federation_emulator.services.iam.model import Account, Operations, Pool, Provider
from federation_emulator.services.resource_manager.model import OrganisationPolicy
from federation_emulator.services.service_usage.model import EnabledService
from federation_emulator.services.sts.issuer_keys import IssuerKeys
from keyless_bigquery.trust.principals import Principal


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """One local Google: its settings, time, state, record of decisions and the two servers behind it."""

    config: CloudConfig
    clock: MovableClock
    faults: FaultInjector
    trace: Trace
    unsupported: UnsupportedRequests
    tokens: Tokens
    operations: Operations
    services: Propagated[EnabledService]
    pools: Collection[Pool]
    providers: Collection[Provider]
    accounts: Collection[Account]
    account_keys: Collection[Key]
    policies: Propagated[Policy]
    organisation_policies: Collection[OrganisationPolicy]
    datasets: Propagated[Access]
    views: Collection[View]
    column_tags: Collection[ColumnTags]
    details: Collection[Details]
    jobs: Jobs
    understood: dict[Hashable, Any]
    counters: Counter[str]
    catalogue: Catalogue
    aws: Upstream
    issuer_keys: IssuerKeys
    emulator: Upstream

    @cached_property
    def test_issuer(self) -> Issuer:
        """Signs tokens for tests, with keys that end with this process. Only a provider that names them takes them."""
        return Issuer("", algorithms=("RS256", "ES256"))

    @property
    def main_project(self) -> Project:
        """The project that is meant where none is named."""
        return self.config.projects[0]

    def policy(self, resource: str) -> Policy:
        """Return a resource's own allow policy, the newest: for who reads and changes it."""
        return self.policies.get(resource) or NO_POLICY

    def seen_policy(self, resource: str) -> Policy:
        """Return a resource's own allow policy as permission checks see it now, which may be an older one."""
        return self.policies.seen(resource) or NO_POLICY

    def project_policies(self, project: Project | None = None) -> list[tuple[str, Policy]]:
        """Return the policies that count on a project; on the main one if left out."""
        key = (project or self.main_project).policy_key
        return [(key, self.seen_policy(key))]

    def account_policies(self, account: Account) -> list[tuple[str, Policy]]:
        """Return the policies that count on a service account: its own, then its project's."""
        project = self.find_project(account.project_id)
        above = self.project_policies(project) if project else []
        return [(account.resource, self.seen_policy(account.policy_key)), *above]

    def find_project(self, id_or_number: str) -> Project | None:
        """Find a project by its id or number."""
        return next((each for each in self.config.projects if id_or_number in {each.id, each.number}), None)

    def project_of(self, text: str, *, wildcard: bool = False) -> Project:
        """Return the project that a path names, by id or number.

        Where Google allows ``-`` (``wildcard``), it stands for the main one.

        Raises:
            Refused: 403, in Google's words for a project that may or may not exist.
        """
        if wildcard and text == "-":
            return self.main_project
        project = self.find_project(text)
        if project is None:
            refuse(
                Part.REQUEST,
                rule="the project must exist here",
                actual=text,
                expected=" or ".join(f"{each.id} ({each.number})" for each in self.config.projects),
                fix="name one of these by id or number, or start the local cloud with the project",
                answer=permission_denied(f"Permission denied on resource project {text:.200} (or it may not exist)."),
            )
        return project


def open_cloud(config: CloudConfig, host: Clock) -> Cloud:
    """Open the state (reading the folder if there is one) and the connections, without using the network.

    Raises:
        StateError: The state folder holds something unreadable.
    """
    folder = config.state_directory
    moves = Collection("clock", Ahead, folder=folder)
    clock = MovableClock(host, ahead=moves.get("ahead"), moved=lambda ahead: moves.put("ahead", ahead))
    faults = FaultInjector()

    def iam_delay() -> timedelta:
        return faults.settings.iam_delay

    aws = Upstream(config.aws_url)
    cloud = Cloud(
        config=config,
        clock=clock,
        faults=faults,
        trace=Trace(clock),
        unsupported=UnsupportedRequests(),
        tokens=Tokens(
            clock=clock,
            # Never on the disk: after a restart clients exchange again, and a write for each token would cost more than
            # all else that an exchange does.
            records=Collection("tokens", Token, folder=None),
            deployer=(config.deployer_token, Principal(member=DEPLOYER)),
        ),
        operations=Operations(),
        services=Propagated(
            "services", EnabledService, folder=folder, clock=clock, delay=lambda: faults.settings.service_delay
        ),
        pools=Collection("pools", Pool, folder=folder),
        providers=Collection("providers", Provider, folder=folder),
        accounts=Collection("service_accounts", Account, folder=folder),
        account_keys=Collection("service_account_keys", Key, folder=folder),
        policies=Propagated("policies", Policy, folder=folder, clock=clock, delay=iam_delay),
        organisation_policies=Collection("organisation_policies", OrganisationPolicy, folder=folder),
        datasets=Propagated("dataset_access", Access, folder=folder, clock=clock, delay=iam_delay, first_at_once=True),
        views=Collection("views", View, folder=folder),
        column_tags=Collection("column_tags", ColumnTags, folder=folder),
        details=Collection("details", Details, folder=folder),
        jobs=Jobs(),
        understood={},
        counters=Counter(),
        catalogue=Catalogue(),
        aws=aws,
        issuer_keys=IssuerKeys(aws, clock.now, limit_seconds=config.aws_timeout_seconds, issuers=config.issuers),
        emulator=Upstream(config.bigquery_url),
    )
    for changes in (cloud.services, cloud.policies, cloud.datasets):
        faults.on_change(changes.settle)
    for project in config.projects:
        if cloud.policies.get(project.policy_key) is None:
            owner = Binding(role="roles/owner", members=(DEPLOYER,))
            cloud.policies.put(project.policy_key, Policy(bindings=(owner,), etag=new_etag()))
    return cloud
