"""Keyless BigQuery for a role that exists: what Google has to trust and to grant, for one AWS role and no other.

No ``from __future__ import annotations``: Pulumi infers the schema for other languages from the annotations themselves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NotRequired, TypedDict

import pulumi

from keyless_bigquery import rules
from keyless_bigquery.components import arguments, children, claims, listed_tables, look_ups
from keyless_bigquery.components.federation import Federation, FederationArgs, TrustedPool
from keyless_bigquery.components.foreign_pool import foreign_pool
from keyless_bigquery.components.program import plain_errors
from keyless_bigquery.components.reader_access import ReaderAccess, ReaderAccessArgs
from keyless_bigquery.settings import declaration
from keyless_bigquery.settings.consistency import check_issuer
from keyless_bigquery.settings.problems import Problem, Values
from keyless_bigquery.settings.reader_settings import MOST_TABLES, slug
from keyless_bigquery.trust import role_arn
from keyless_bigquery.trust.subject_tokens import AWS_OIDC, AWS_SIGNATURE, SubjectToken, subject_token
from keyless_bigquery.trust.trust import GoogleEndpoints, TrustChain

IMPERSONATION, DIRECT = "impersonation", "direct"
_PROVIDER_IDS = {AWS_SIGNATURE: "aws-role", AWS_OIDC: "aws-role-oidc"}
"""One kind of provider can't become the other, and a deleted one's id stays taken for 30 days."""

_DEFAULTS = {"access": IMPERSONATION, "lookUpTables": "true", "subjectToken": AWS_SIGNATURE}
_LONGEST_PREFIX = 27
"""What a pool's id of 32 leaves for the name in front of a hyphen and four digits."""

_LONGEST_ACCOUNT, _SHORTEST_ID = 30, 6


class FederatedRoleArgs(TypedDict):
    """What a federated role is made from."""

    role_arn: pulumi.Input[str]
    """ARN of the IAM role that is to read, of the partition `aws`. It is never changed. A path is taken and left out:
    sessions' ARNs have none, and a role's name is unique in its account."""
    google_project: str
    """Id of the Google project that pays for the queries, and holds pool and service account."""
    tables: Sequence[str]
    """What the role may read: `project.dataset.table`, views too, or `project.dataset` for all in a dataset. Plain
    text, since each is a grant of its own."""
    look_up_tables: NotRequired[bool]
    """Whether each table is looked up before anything is made, which is the default. `false` where the same program
    makes one: name it in the option `dependsOn` then."""
    aws_account_id: NotRequired[str]
    """The account that the role must be of. By default that of the AWS provider among the option `providers`, if there
    is one."""
    function_name: NotRequired[str]
    """Name of the Lambda function, so that its length together with the role's is checked."""
    access: NotRequired[str]
    """`impersonation` of a service account of its own, the default, or `direct` grants to the role's principal."""
    provider_name: NotRequired[str]
    """Full resource name of a provider that exists and admits the role, in place of a pool of its own. It is never
    changed, and refused where it would admit another caller in the role's name. Needs a `roleArn` that is known."""
    pool_id: NotRequired[str]
    """Id of the pool that is made. By default the component's name and four random digits: a deleted pool's id stays
    taken for 30 days."""
    provider_id: NotRequired[str]
    """Id of the provider that is made. By default `aws-role`, or with `aws-oidc` `aws-role-oidc`. Going back to a
    former `subjectToken` within 30 days needs another: a deleted provider's id stays taken."""
    service_account_id: NotRequired[str]
    """Id of the service account that is made. By default the component's name: two stacks in one project need one
    each."""
    subject_token: NotRequired[str]
    """`aws-signature`, the default: the role signs a GetCallerIdentity request. `aws-oidc`: AWS signs a token for the
    role, by outbound identity federation; the role needs `sts:GetWebIdentityToken` for it, which is not granted here.
    Its credential configuration serves programs with a supplier of such tokens, as this package's library for functions
    has one, and no layer."""
    aws_token_issuer: NotRequired[str]
    """With `aws-oidc` the account's own issuer, as `aws iam get-outbound-web-identity-federation-info` prints it."""
    google_endpoint: NotRequired[str | None]
    """Base URL that serves every Google API, where it is not Google's public hosts; `{service}` in it stands for the
    API's short name."""
    google_universe_domain: NotRequired[str]
    """Google's own, `googleapis.com`, by default; a sovereign cloud has another."""


class FederatedRole(pulumi.ComponentResource):
    """Lets one AWS role that exists read BigQuery tables without a service account key.

    It makes a pool with a provider that admits exactly this role, a service account that only this role may
    impersonate, the right to start query jobs, and one read grant for each table. The function that runs as the role
    needs the credential configuration: as a layer, or in its package.
    """

    credential_configuration: pulumi.Output[str]
    """The file that Google's client libraries read, as JSON. It holds no secret."""
    audience: pulumi.Output[str]
    """The audience of the token exchange."""
    principal: pulumi.Output[str]
    """The principal set that stands for the role: every session of it, and of no other."""
    provider_name: pulumi.Output[str]
    """Full resource name of the provider."""
    service_account: pulumi.Output[str | None]
    """E-mail address of the service account; none with direct access."""

    @plain_errors()
    def __init__(self, name: str, args: FederatedRoleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Registers the resources.

        Args:
            name: Its name, with which those of all its resources begin.
            args: What it is made from.
            opts: As for each component. The Google provider, and an AWS provider, are those of `providers`.

        Raises:
            pulumi.RunError: Arguments can't be used, and nothing is made; it names each with value, rule and fix.
        """
        holder = claims.named(type(self), name, opts)
        given = _read(holder, args)
        super().__init__("keyless-bigquery:index:FederatedRole", name, dict(args), opts)
        read = _looked_up(self, given)
        names = children.Names(prefix=f"{name}-")
        inside = pulumi.ResourceOptions(parent=self)
        trust = pulumi.Output.from_input(args["role_arn"]).apply(read.trust)
        pool = self._pool(names, read, trust)
        principal = pool.principal(trust)
        access = ReaderAccess(
            names,
            ReaderAccessArgs(project=read.google_project, account_id=read.service_account_id, principal=principal),
            google=None,
            opts=inside,
        )
        listed_tables.grants(read.tables, access, called=names, opts=children.options(self, None))
        self.provider_name, self.audience, self.principal = pool.provider_name, pool.audience, principal
        self.service_account = pulumi.Output.from_input(access.email)
        self.credential_configuration = pool.credential_configuration(trust, access.email)
        self.register_outputs(
            {
                "credentialConfiguration": self.credential_configuration,
                "audience": self.audience,
                "principal": self.principal,
                "providerName": self.provider_name,
                "serviceAccount": self.service_account,
            }
        )

    def _pool(self, names: children.Names, read: "_Read", trust: pulumi.Output[TrustChain]) -> TrustedPool:
        """The pool that is made, or that of the provider that exists."""
        if read.provider_name is not None and read.role_arn is not None:
            return foreign_pool(read.provider_name, [read.trust(read.role_arn)], opts=pulumi.InvokeOptions(parent=self))
        args = FederationArgs(
            project=read.google_project,
            pool_id=read.pool_id,
            pool_id_prefix=read.pool_id_prefix,
            provider_id=read.provider_id or _PROVIDER_IDS[read.subject_token.name],
            trusts=trust.apply(lambda known: [known]),
            subject_token=read.subject_token,
        )
        return Federation(names, args, google=None, opts=pulumi.ResourceOptions(parent=self)).pool


@dataclass(frozen=True, kw_only=True)
class _Read:
    """The arguments, after all checks that need no cloud."""

    component: str
    role_arn: str | None
    """``None``: known later."""
    google_project: str
    tables: Sequence[str]
    look_up_tables: bool
    aws_account_id: str | None
    function_name: str | None
    provider_name: str | None
    pool_id: str | None
    pool_id_prefix: str
    provider_id: str | None
    service_account_id: str | None
    """``None``: direct access."""
    endpoints: GoogleEndpoints
    subject_token: SubjectToken

    def trust(self, given: object) -> TrustChain:
        """The trust in the role; it may be known only now, and then be anything.

        Raises:
            pulumi.RunError: It can't be built.
        """
        arn, _ = arguments.as_text(given)
        if (problem := self.problem(arn)) is not None:
            raise arguments.refused(FederatedRoleArgs, self.component, [problem], late=self.role_arn is None)
        return role_arn.trust_of_role(
            arn, function_name=self.function_name, endpoints=self.endpoints, subject_token=self.subject_token
        )

    def problem(self, arn: str) -> Problem | None:
        """What is wrong with the role."""
        verdict = role_arn.problem(arn, function_name=self.function_name, subject_token=self.subject_token)
        if verdict is None and self.aws_account_id not in {None, account := role_arn.account_of(arn)}:
            verdict = (
                f"the role is of account {account}, and the account here is {self.aws_account_id}",
                "Name a role of that account; or, if the other one is meant, set awsAccountId to it.",
            )
        return None if verdict is None else Problem(key="roleArn", value=arn, rule=verdict[0], fix=verdict[1])


def _read(holder: claims.Holder, args: FederatedRoleArgs) -> _Read:
    """The arguments.

    Raises:
        pulumi.RunError: Some can't be used.
    """
    name, *_ = holder
    values = arguments.values(FederatedRoleArgs, args, defaults=_DEFAULTS, later=("role_arn",))
    later = isinstance(args, Mapping) and isinstance(args.get("role_arn"), pulumi.Output)
    access = declaration.choice(IMPERSONATION, DIRECT).read(values, "access")
    account_id = values.optional("serviceAccountId", rules.service_account_id)
    token = declaration.choice(AWS_SIGNATURE, AWS_OIDC).read(values, "subjectToken")
    issuer = values.optional("awsTokenIssuer", rules.token_issuer)
    universe = values.optional("googleUniverseDomain", rules.universe_domain)
    read = _Read(
        component=f"FederatedRole {name}",
        role_arn=None if later else values.text("roleArn", role_arn.problem),
        google_project=values.text("googleProject", rules.project_id),
        tables=declaration.texts(rules.table_or_dataset, MOST_TABLES).read(values, "tables"),
        look_up_tables=declaration.switch().read(values, "lookUpTables"),
        aws_account_id=values.optional("awsAccountId", rules.account_id),
        function_name=values.optional("functionName", rules.function_name),
        provider_name=values.optional("providerName", rules.provider_name),
        pool_id=values.optional("poolId", rules.pool_or_provider_id),
        pool_id_prefix=f"{_id_of(name, _LONGEST_PREFIX)}-",
        provider_id=values.optional("providerId", rules.pool_or_provider_id),
        service_account_id=(account_id or _id_of(name, _LONGEST_ACCOUNT)) if access == IMPERSONATION else None,
        endpoints=GoogleEndpoints(
            base_url=values.optional("googleEndpoint", rules.google_endpoint),
            universe_domain=universe or GoogleEndpoints.universe_domain,
        ),
        subject_token=subject_token(token, issuer),
    )
    if not values.problems:
        check_issuer(token, issuer, values)
    if not values.problems:
        _check_together(holder, read, values, account_id)
    if values.problems:
        raise arguments.refused(FederatedRoleArgs, read.component, values.problems)
    return read


def _check_together(holder: claims.Holder, read: _Read, values: Values, account_id: str | None) -> None:
    """Adds what is wrong with arguments that are good one by one."""
    if not read.tables:
        rule, fix = "it must name at least one table or dataset", 'For example: ["my-project.sales.orders"]'
        values.add("tables", values.own("tables"), rule, fix)
    if read.role_arn is not None:
        values.problems.extend(filter(None, [read.problem(read.role_arn)]))
    if read.provider_name is not None:
        if read.role_arn is None:
            rule = "it is known only later, and a provider that exists is judged before anything is made"
            values.add("roleArn", "an output", rule, "Give the ARN as text, or leave providerName out.")
        for key, value in (("poolId", read.pool_id), ("providerId", read.provider_id)):
            if value is not None:
                values.add(key, value, "with providerName no pool and no provider is made", "Remove one of the two.")
    elif read.pool_id is None and (verdict := rules.pool_or_provider_id(f"{read.pool_id_prefix}0000")) is not None:
        rule = f"the id derived from the component's name is invalid: {verdict[0]}"
        values.add("poolId", f"{read.pool_id_prefix}0000", rule, "Give poolId, or another name to the component.")
    if read.service_account_id is None and account_id is not None:
        rule = "with direct access there is no service account"
        values.add("serviceAccountId", account_id, rule, "Remove it, or set access to impersonation.")
    for key, claimed in (("serviceAccountId", read.service_account_id), ("poolId", read.pool_id)):
        if claimed is not None and (problem := claims.taken(holder, key, read.google_project, claimed)) is not None:
            values.problems.append(problem)


def _looked_up(component: FederatedRole, read: _Read) -> _Read:
    """The arguments, after what only the clouds know was checked, before anything is made in them.

    Raises:
        pulumi.RunError: The role is of another account than the AWS provider, or a table is not there.
    """
    aws = component.get_provider("aws:index:Provider")
    if read.aws_account_id is None and aws is not None:
        read = replace(read, aws_account_id=look_ups.aws_account(pulumi.InvokeOptions(provider=aws)))
        if read.role_arn is not None:
            read.trust(read.role_arn)
    if read.look_up_tables:
        names = {f"tables[{place}]": table for place, table in enumerate(read.tables)}
        missing = [*look_ups.missing_tables(names, pulumi.InvokeOptions(parent=component))]
        if missing:
            raise arguments.refused(FederatedRoleArgs, read.component, missing)
    return read


def _id_of(name: str, longest: int) -> str:
    """A component's name as Google takes ids: small letters, digits and hyphens, at least six of them."""
    short = slug(name)
    letters = short if "a" <= short[:1] <= "z" else f"role-{short}"
    return (letters if len(letters) >= _SHORTEST_ID else f"{letters}-reader")[:longest].strip("-")
