"""The findings as pure functions: what was seen, and what is said about it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyless_bigquery.trust.organisation import ACCOUNTS_CONSTRAINT, PROVIDERS_CONSTRAINT
from keyless_tools.doctor.answer import JSON, Absent, Answer, Found, Off
from keyless_tools.doctor.expected import Expected
from keyless_tools.doctor.finding import Finding, Link, Verdict
from keyless_tools.doctor.links import federation, function
from keyless_tools.doctor.observed import Seen
from keyless_tools.doctor.report import FAILED, NOT_SEEN, PASSED, Walked, exit_code
from keyless_tools.doctor.walk import STEPS, walk
from tests.doctor import healthy
from tests.doctor.healthy import CHAIN, DIRECT, SEEN, UNSEEN, changed

SEVERAL = ("services", "organisation_policies", "function_policies", "listed", "guarded", "at")
FIELDS = [field.name for field in dataclasses.fields(Seen) if field.name not in SEVERAL]


def provider(**fields: Any) -> Seen:
    assert isinstance(SEEN.provider, Found)
    return changed(provider=Found(value={**SEEN.provider.value, **fields}))


def of_link(findings: tuple[Finding, ...], link: Link) -> Finding:
    return next(finding for finding in findings if finding.link is link)


def code(findings: tuple[Finding, ...]) -> int:
    return exit_code([Walked(reader="reader", findings=findings)])


@pytest.mark.parametrize("chain", [CHAIN, DIRECT], ids=["impersonation", "direct"])
def test_a_chain_that_is_as_it_should_be_is_whole(chain: Expected) -> None:
    findings = walk(chain, healthy.seen(chain))
    assert [finding.link for finding in findings] == list(STEPS)
    assert code(findings) == PASSED
    assert {f.link for f in findings if f.verdict is not Verdict.OK} <= {
        *(Link.SERVICE_ACCOUNT, Link.BINDING, Link.ACCOUNT_MEMBERS, Link.LISTED)
    }


@given(unseen=st.dictionaries(st.sampled_from(FIELDS), st.sampled_from(UNSEEN), min_size=1), direct=st.booleans())
def test_whatever_can_not_be_seen_stops_nothing_and_is_never_called_whole(
    unseen: Mapping[str, Answer[Any]], direct: bool
) -> None:
    chain = DIRECT if direct else CHAIN
    findings = walk(chain, changed(healthy.seen(chain), **unseen))
    assert [finding.link for finding in findings] == list(STEPS)
    # Grants above the table need not be seen where the table's own is enough, and a package has the output beside it.
    needed = set(unseen) - {"data_project_policy", "dataset", "credential_configuration", "members_policy"}
    # That there is no such list is for the role's, the pool's and the log's own links to report.
    needed -= {name for name in ("role_policies", "providers", "last_log") if unseen.get(name) == Absent()}
    if direct:
        needed -= {"service_account", "account_policy"}
    if needed:
        assert code(findings) in (FAILED, NOT_SEEN)
    failed = [finding for finding in findings if finding.verdict is Verdict.FAILED]
    assert all(finding.expected and finding.fix for finding in failed)
    assert all(not finding.fix for finding in findings if finding.verdict is not Verdict.FAILED)


@pytest.mark.parametrize("name", ["function", "pool", "provider", "service_account", "table", "role", "log_group"])
def test_a_single_thing_that_is_gone_is_a_single_break(name: str) -> None:
    failed = [f for f in walk(CHAIN, changed(**{name: Absent()})) if f.verdict is Verdict.FAILED]
    assert len(failed) == 1
    assert "is not there" in failed[0].actual


def test_what_only_follows_from_a_break_is_set_apart_and_has_no_fix() -> None:
    absent = Absent()
    findings = walk(CHAIN, changed(pool=absent, provider=absent, providers=absent))
    assert [f.link for f in findings if f.verdict is Verdict.FAILED] == [Link.POOL]
    follows = of_link(findings, Link.PROVIDER)
    assert follows.verdict is Verdict.FOLLOWS
    assert follows.actual.endswith("(check again when pool is fixed)")
    assert follows.fix == ""
    assert of_link(findings, Link.CONDITION).verdict is Verdict.NOT_LOOKED


def test_what_is_hidden_by_an_api_that_is_off_follows_from_that() -> None:
    off: Answer[JSON] = Off(service="iam.googleapis.com")
    hidden = ("pool", "provider", "providers", "service_account", "account_policy")
    services = {"my-project": {"iam.googleapis.com": Found(value={"state": "DISABLED"})}}
    findings = walk(CHAIN, changed(**dict.fromkeys(hidden, off), services=services))
    follows = [Link.POOL, Link.PROVIDER, Link.SERVICE_ACCOUNT, Link.OTHER_PROVIDERS, Link.ACCOUNT_MEMBERS]
    assert [f.link for f in findings if f.verdict is Verdict.FAILED] == [Link.SERVICES]
    assert [f.link for f in findings if f.verdict is Verdict.FOLLOWS] == follows
    assert of_link(findings, Link.SERVICES).fix == "gcloud services enable iam.googleapis.com --project=my-project"
    on = walk(CHAIN, changed(pool=off))
    assert of_link(on, Link.POOL).verdict is Verdict.UNKNOWN, "an API that was just switched on"


# The function


@pytest.mark.parametrize(
    ("configuration", "verdict", "message"),
    [
        ({"State": "Active", "LastUpdateStatus": "InProgress"}, Verdict.OK, "is being updated"),
        ({"State": "Inactive"}, Verdict.OK, "is Inactive"),
        ({"State": "Pending"}, Verdict.FAILED, "is Pending"),
        ({"State": "Failed", "StateReason": "no such subnet"}, Verdict.FAILED, "no such subnet"),
        ({"LastUpdateStatus": "Failed", "LastUpdateStatusReason": "no such key"}, Verdict.FAILED, "no such key"),
    ],
)
def test_a_function_must_be_able_to_run(configuration: JSON, verdict: Verdict, message: str) -> None:
    assert isinstance(SEEN.function, Found)
    found = {**SEEN.function.value["Configuration"], **configuration}
    finding = function.function(CHAIN, changed(function=Found(value={"Configuration": found})))
    assert finding.verdict is verdict
    assert message in finding.actual


@pytest.mark.parametrize(
    ("settings", "fix"),
    [
        ({}, "pulumi up --refresh --stack dev"),
        ({"reservedConcurrency": "0"}, "pulumi config rm reservedConcurrency --stack dev && pulumi up --stack dev"),
    ],
)
def test_a_function_that_never_runs_is_broken_by_hand_or_by_the_settings(settings: dict[str, str], fix: str) -> None:
    assert isinstance(SEEN.function, Found)
    paused = {**SEEN.function.value, "Concurrency": {"ReservedConcurrentExecutions": 0}}
    finding = function.function(healthy.expected(**settings), changed(function=Found(value=paused)))
    assert finding.verdict is Verdict.FAILED
    assert finding.fix == fix


def test_an_alias_is_looked_at_and_the_function_itself_is_fixed() -> None:
    assert isinstance(SEEN.function, Found)
    aliased = dataclasses.replace(CHAIN, function=f"{CHAIN.function}:live")
    failed = Found(value={"Configuration": {**SEEN.function.value["Configuration"], "State": "Failed"}})
    finding = function.function(aliased, changed(function=failed))
    assert finding.actual.startswith("keyless-bigquery-dev:live is Failed")
    assert finding.fix.startswith("aws lambda delete-function --function-name keyless-bigquery-dev --region")


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ({"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}, "AWS *"),
        ({"Effect": "Allow", "Principal": {"AWS": ["1", "2"]}, "Action": "sts:AssumeRole"}, "AWS 1, AWS 2"),
        ({"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "*"}, "Service ec2"),
        ({"Effect": "Deny", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "*"}, "no principal"),
    ],
)
def test_a_role_that_others_may_assume_or_lambda_may_not_is_broken(statement: JSON, message: str) -> None:
    role = {"RoleId": "AROA1", "AssumeRolePolicyDocument": {"Statement": statement}}
    finding = function.role(CHAIN, changed(role=Found(value=role)))
    assert finding.verdict is Verdict.FAILED
    assert message in finding.actual


def test_an_environment_that_can_not_be_decrypted_is_not_called_broken() -> None:
    assert isinstance(SEEN.function, Found)
    hidden = {"Error": {"ErrorCode": "AccessDeniedException", "Message": "not your key"}}
    found = {"Configuration": {**SEEN.function.value["Configuration"], "Environment": hidden}}
    finding = function.variables(CHAIN, changed(function=Found(value=found)))
    assert finding.verdict is Verdict.UNKNOWN
    assert "not your key" in finding.actual


def test_the_difference_of_a_credential_configuration_is_reported_by_its_path() -> None:
    other = healthy.configuration(CHAIN)
    other["credential_source"]["imdsv2_session_token_url"] = "http://169.254.169.254/latest/api/token"
    finding = function.credential_configuration(CHAIN, changed(credential_configuration=Found(value=json.dumps(other))))
    assert finding.verdict is Verdict.FAILED
    assert 'credential_source.imdsv2_session_token_url is "http://169.254' in finding.actual
    assert finding.expected == "credential_source.imdsv2_session_token_url is null"


@pytest.mark.parametrize("answer", UNSEEN[1:], ids=repr)
def test_where_the_package_can_not_be_read_the_output_is_compared_and_that_is_said(answer: Answer[str]) -> None:
    finding = function.credential_configuration(CHAIN, changed(credential_configuration=answer))
    assert finding.verdict is Verdict.OK
    assert finding.actual.startswith("the stack's output (the file in the package can't be seen: ")
    stale = dataclasses.replace(CHAIN, exported_configuration="{}")
    assert function.credential_configuration(stale, changed(credential_configuration=answer)).verdict is Verdict.FAILED


# The provider


@pytest.mark.parametrize(
    ("found", "permitted"),
    [
        ({}, True),
        ({"restoreDefault": {}}, True),
        ({"listPolicy": {"allValues": "ALLOW"}}, True),
        ({"listPolicy": {"allValues": "DENY"}}, False),
        ({"listPolicy": {"allowedValues": ["https://sts.amazonaws.com", "210987654321"]}}, True),
        ({"listPolicy": {"allowedValues": ["is:https://sts.amazonaws.com", "is:210987654321"]}}, True),
        ({"listPolicy": {"allowedValues": ["https://token.actions.githubusercontent.com"]}}, False),
        ({"listPolicy": {"deniedValues": ["https://sts.amazonaws.com"]}}, False),
        ({"listPolicy": {"deniedValues": ["999999999999"]}}, True),
    ],
)
def test_an_organisation_policy_breaks_the_chain_only_while_the_provider_must_still_be_made(
    found: JSON, permitted: bool
) -> None:
    policies = dict.fromkeys((PROVIDERS_CONSTRAINT, ACCOUNTS_CONSTRAINT), Found(value=found))
    before, after = (
        federation.organisation_policy(CHAIN, changed(organisation_policies=policies, provider=provider))
        for provider in (Absent(), SEEN.provider)
    )
    assert before.verdict is (Verdict.OK if permitted else Verdict.FAILED)
    assert after.verdict is Verdict.OK
    if not permitted:
        assert PROVIDERS_CONSTRAINT in before.actual
        assert before.fix == (
            "gcloud resource-manager org-policies allow constraints/iam.workloadIdentityPoolProviders "
            "https://sts.amazonaws.com --project=my-project"
        )
        assert "`pulumi up` will be refused" in after.actual


def test_a_provider_that_its_organisation_does_not_allow_follows_from_that() -> None:
    denied: Answer[JSON] = Found(value={"listPolicy": {"allowedValues": ["999999999999"]}})
    allowed: Answer[JSON] = Found(value={})
    policies = {PROVIDERS_CONSTRAINT: allowed, ACCOUNTS_CONSTRAINT: denied}
    findings = walk(CHAIN, changed(organisation_policies=policies, provider=Absent()))
    assert [f.link for f in findings if f.verdict is Verdict.FAILED] == [Link.ORGANISATION_POLICY]
    assert "does not allow 210987654321" in of_link(findings, Link.ORGANISATION_POLICY).actual
    assert of_link(findings, Link.PROVIDER).verdict is Verdict.FOLLOWS


@pytest.mark.parametrize("answer", UNSEEN, ids=repr)
def test_a_policy_that_can_not_be_read_matters_only_while_the_provider_must_still_be_made(answer: Answer[JSON]) -> None:
    policies = dict.fromkeys((PROVIDERS_CONSTRAINT, ACCOUNTS_CONSTRAINT), answer)
    there = federation.organisation_policy(CHAIN, changed(organisation_policies=policies))
    gone = federation.organisation_policy(CHAIN, changed(organisation_policies=policies, provider=Absent()))
    assert there.verdict is Verdict.NOT_LOOKED
    assert gone.verdict is (Verdict.NOT_LOOKED if isinstance(answer, Absent) else Verdict.UNKNOWN)


def test_a_mapping_that_is_written_otherwise_but_gives_the_same_principal_is_fine() -> None:
    written = "'arn:aws:sts::' + assertion.account + ':assumed-role/' + assertion.arn.extract('assumed-role/{role}/')"
    other = provider(attributeMapping={"google.subject": "assertion.arn", "attribute.aws_role": written})
    finding = federation.mapping(CHAIN, other)
    assert finding.verdict is Verdict.OK
    assert finding.actual.startswith("not the stack's own, but it gives the same principal: ")
    assert federation.mapping(CHAIN, provider(attributeMapping={})).verdict is Verdict.OK, "Google's own default"


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({"google.subject": "assertion.arn"}, "gives no attribute.aws_role"),
        ({"google.subject": "assertion.arn", "attribute.aws_role": "assertion.account"}, "principal has 210987654321"),
        ({"google.subject": "assertion.arn + assertion.arn", "attribute.aws_role": "assertion.arn"}, "bytes: "),
        ({"google.subject": "assertion.sub"}, "google.subject gives no value"),
    ],
)
def test_a_mapping_that_gives_another_principal_is_broken(mapping: Mapping[str, str], message: str) -> None:
    finding = federation.mapping(CHAIN, provider(attributeMapping=mapping))
    assert finding.verdict is Verdict.FAILED
    assert message in finding.actual


def test_another_teams_provider_that_lets_others_in_is_fine_for_the_function_and_reported() -> None:
    theirs = dataclasses.replace(CHAIN, pool_is_ours=False)
    exact, loose = federation.condition(theirs, SEEN), provider(attributeCondition="assertion.account != ''")
    finding = federation.condition(theirs, loose)
    assert exact.actual == f"true for {CHAIN.trust.caller_arn}"
    assert finding.verdict is Verdict.OK
    assert "the next `pulumi up` will refuse this provider: " in finding.actual


def test_a_provider_of_another_kind_has_no_account() -> None:
    assert isinstance(SEEN.provider, Found)
    oidc = {key: value for key, value in SEEN.provider.value.items() if key != "aws"}
    finding = federation.account(CHAIN, changed(provider=Found(value=oidc)))
    assert finding.actual == "the provider is not one for AWS"
