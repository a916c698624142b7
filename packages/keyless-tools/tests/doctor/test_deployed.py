"""The doctor on a deployed stack: each link broken in turn, and it names that one and no other."""

from __future__ import annotations

import dataclasses
import json
import shlex
import subprocess

import boto3
import pytest

from keyless_bigquery.components import outputs
from keyless_bigquery.components.program import ROOT
from keyless_bigquery.runtime import environment
from keyless_bigquery.trust.organisation import PROVIDERS_CONSTRAINT
from keyless_tools.doctor.aws_api import AwsApi
from keyless_tools.doctor.examine import examine
from keyless_tools.doctor.finding import ADDITIONS, Finding, Link, Verdict
from keyless_tools.doctor.google_api import READING_METHODS
from keyless_tools.doctor.google_reasons import ROLES
from keyless_tools.doctor.look import Clouds
from keyless_tools.doctor.report import FAILED, NOT_SEEN, PASSED, Walked, exit_code
from keyless_tools.doctor.stack import Stack
from keyless_tools.doctor.walk import STEPS, first_failed
from pulumi_offline.stack_harness import STACK, StackHarness
from tests.doctor import breaks, changes
from tests.doctor.breaks import Break
from tests.doctor.cases import CASES, RUN_WITH_GCLOUD, UP
from tests.doctor.users import failed_links, google_api, seen_with, token_of_the_reader
from tests.http_server import Request, forwarding, serving
from tests.living.commands import keyless
from tests.official_tools.shell import installed

pytestmark = pytest.mark.usefixtures("invoked_well")
EVENT = ROOT / "lambda_src" / "example_event.json"


def of_link(walked: Walked, link: Link) -> Finding:
    return next(finding for finding in walked.findings if finding.link is link)


@pytest.mark.parametrize(("change", "link", "actual", "fix"), CASES, ids=[case[0].__name__ for case in CASES])
def test_the_broken_link_is_named_and_no_other(
    stage: StackHarness, stack: Stack, clouds: Clouds, change: Break, link: Link, actual: str, fix: str
) -> None:
    with change(stage):
        (failed,) = examine(stack, clouds)
    (fixed,) = examine(stack, clouds)

    assert failed_links(failed) == [link]
    named = first_failed(failed.findings)
    assert named is not None
    assert actual in named.actual
    assert named.expected
    assert named.fix.startswith(fix)
    assert [finding.link for finding in failed.findings] == list(STEPS)
    assert exit_code([failed]) == FAILED
    assert exit_code([fixed]) == PASSED, [finding for finding in fixed.findings if finding.verdict is not Verdict.OK]


def test_every_link_is_broken_by_some_case() -> None:
    by_other_means = {Link.SETTINGS, Link.ORGANISATION_POLICY, Link.LISTED, Link.GUARDS, Link.LAST_INVOCATION}
    assert {link for _, link, _, _ in CASES} == set(Link) - by_other_means - ADDITIONS


@installed("gcloud")
@pytest.mark.parametrize("change", RUN_WITH_GCLOUD, ids=lambda change: change.__name__)
def test_the_printed_command_fixes_it(stage: StackHarness, stack: Stack, clouds: Clouds, change: Break) -> None:
    with change(stage) as _:
        (failed,) = examine(stack, clouds)
        named = first_failed(failed.findings)
        assert named is not None
        done = subprocess.run(
            shlex.split(named.fix), env=stage.environment(), capture_output=True, text=True, timeout=60, check=False
        )
        (fixed,) = examine(stack, clouds)
    assert done.returncode == 0, done.stderr
    assert exit_code([fixed]) == PASSED


def test_settings_that_were_changed_and_not_deployed_are_the_only_finding(stack: Stack, clouds: Clouds) -> None:
    (reader,) = stack.settings.readers
    renamed = dataclasses.replace(reader, table_id="customers")
    (walked,) = examine(
        dataclasses.replace(stack, settings=dataclasses.replace(stack.settings, readers=(renamed,))), clouds
    )
    assert failed_links(walked) == [Link.SETTINGS]
    assert "configured is local-keyless.keyless_local.customers" in of_link(walked, Link.SETTINGS).actual
    assert of_link(walked, Link.SETTINGS).fix == "pulumi config set tableId users --stack local"


def test_a_table_in_another_location_is_the_broken_link_though_the_function_looks_there(
    stage: StackHarness, stack: Stack, clouds: Clouds
) -> None:
    elsewhere = dataclasses.replace(stack, settings=dataclasses.replace(stack.settings, bigquery_location="EU"))
    with changes.variables(stage, **{environment.LOCATION: "EU"}):
        (walked,) = examine(elsewhere, clouds)
    assert failed_links(walked) == [Link.SETTINGS]
    assert of_link(walked, Link.SETTINGS).fix == "pulumi config set bigqueryLocation US --stack local"


def test_a_condition_that_is_gone_lets_the_function_in_and_is_reported(
    stage: StackHarness, stack: Stack, clouds: Clouds
) -> None:
    with changes.provider(stage, attributeCondition=""):
        (walked,) = examine(stack, clouds)
    assert exit_code([walked]) == PASSED
    assert "there is none, so that every role of the account may come" in of_link(walked, Link.CONDITION).actual


def call(request: Request) -> str:
    """A request in words: AWS has the action in a header or in the form, Google in the path."""
    target = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
    return target or request.form.get("Action", [f"{request.method} {request.path}"])[0]


def test_nothing_but_reads_reaches_either_cloud(stage: StackHarness, stack: Stack, session: boto3.Session) -> None:
    assert not stage.invoke().failed, "so that there is something in the log"
    with serving(forwarding(stage.cloud.google_url)) as google, serving(forwarding(stage.cloud.aws_url)) as aws:
        clouds = Clouds(
            google=google_api(google.url, stage.cloud.deployer_token), aws=AwsApi(session, endpoint=aws.url)
        )
        (walked,) = examine(stack, clouds)
    assert exit_code([walked]) == PASSED
    calls = [call(request) for request in google.requests]
    assert len(calls) >= 14
    writing = [call for call in calls if not call.startswith("GET ") and not call.endswith(READING_METHODS)]
    assert not writing
    function = stage.output(outputs.FUNCTION_NAME)
    asked = sorted(map(call, aws.requests))
    assert 1 <= asked.count("GetLogEvents") <= 3
    assert [call for call in asked if call != "GetLogEvents"] == [
        *("DescribeLogGroups", "DescribeLogStreams"),
        f"GET /2015-03-31/functions/{function}",
        f"GET /2015-03-31/functions/{function}/policy",
        *("GetRole", "ListAttachedRolePolicies", "ListRolePolicies"),
    ]


def test_an_invocation_that_failed_is_quoted_until_one_ends_well(
    stage: StackHarness, stack: Stack, clouds: Clouds
) -> None:
    stage.forget_tokens()
    with breaks.no_data_viewer(stage):
        assert stage.invoke().failed
    (failed,) = examine(stack, clouds)
    done = keyless(stage, "verify", STACK, "--limit", "60")
    (fixed,) = examine(stack, clouds)
    assert exit_code([failed]) == NOT_SEEN
    (unseen,) = [finding for finding in failed.findings if finding.verdict is Verdict.UNKNOWN]
    assert unseen.link is Link.LAST_INVOCATION
    assert "ERROR table access failed: BigQuery answered 403 accessDenied: Access Denied: Table" in unseen.actual
    assert unseen.actual.endswith("Fixed since? Run `keyless verify local`")
    assert done.status == PASSED, done.output
    assert exit_code([fixed]) == PASSED
    assert of_link(fixed, Link.LAST_INVOCATION).actual.startswith("it ended well at ")


# Who looks


def test_the_roles_that_it_names_are_enough_to_see_everything(stage: StackHarness, stack: Stack) -> None:
    with token_of_the_reader(stage, *sorted(set(ROLES.values()))) as token:
        clouds = seen_with(stage, token)
        (walked,) = examine(stack, clouds)
    assert exit_code([walked]) == PASSED, walked
    # It looks as the reader itself, which has these roles for the test alone.
    assert {f.link for f in walked.findings if f.verdict not in {Verdict.OK, Verdict.NOT_LOOKED}} == {
        Link.READER_GRANTS
    }
    assert of_link(walked, Link.READER_GRANTS).verdict is Verdict.WARNING


def test_an_organisation_that_forbids_aws_breaks_only_what_is_not_made_yet(
    stage: StackHarness, stack: Stack, clouds: Clouds
) -> None:
    elsewhere = {"listPolicy": {"allowedValues": ["https://accounts.example.com"]}}
    unmade = f"{stage.output(outputs.PROVIDER_NAME)}-2"
    with changes.organisation_policy(stage, PROVIDERS_CONSTRAINT, elsewhere):
        (made,) = examine(stack, clouds)
        (missing,) = examine(
            dataclasses.replace(stack, outputs={**stack.outputs, outputs.PROVIDER_NAME: unmade}), clouds
        )
    assert exit_code([made]) == PASSED
    assert "does not allow https://sts.amazonaws.com in local-keyless" in of_link(made, Link.ORGANISATION_POLICY).actual
    refused = of_link(missing, Link.ORGANISATION_POLICY)
    assert refused.verdict is Verdict.FAILED
    assert refused.fix.endswith(f"allow {PROVIDERS_CONSTRAINT} https://sts.amazonaws.com --project=local-keyless")
    assert of_link(missing, Link.PROVIDER).verdict is Verdict.FOLLOWS


def test_a_missing_permission_is_named_and_the_walk_goes_on(stage: StackHarness, stack: Stack) -> None:
    with token_of_the_reader(stage) as token:
        clouds = seen_with(stage, token)
        (walked,) = examine(stack, clouds)
        with breaks.a_log_group_that_was_deleted(stage):
            (failed,) = examine(stack, clouds)
    unseen = {finding.link: finding.actual for finding in walked.findings if finding.verdict is Verdict.UNKNOWN}
    assert exit_code([walked]) == NOT_SEEN
    assert set(unseen) == {
        Link.SERVICES,
        Link.POOL,
        Link.ORGANISATION_POLICY,
        Link.PROVIDER,
        Link.SERVICE_ACCOUNT,
        Link.JOBS,
        *(Link.GUARDS, Link.OTHER_PROVIDERS, Link.ACCOUNT_MEMBERS, Link.READER_GRANTS, Link.DATASET_ACCESS),
    }
    for link, permission in (
        (Link.SERVICES, "serviceusage.services.get, which roles/serviceusage.serviceUsageViewer has"),
        (Link.POOL, "iam.workloadIdentityPools.get, which roles/iam.workloadIdentityPoolViewer has"),
        (Link.JOBS, "resourcemanager.projects.getIamPolicy"),
    ):
        assert f"you lack the permission {permission}" in unseen[link]
    assert of_link(walked, Link.TABLE).verdict is Verdict.OK
    assert failed_links(failed) == [Link.LOG]
    assert exit_code([failed]) == FAILED


def test_a_quota_project_that_one_may_not_use_is_not_taken_for_a_missing_permission(
    stage: StackHarness, stack: Stack, session: boto3.Session
) -> None:
    google = google_api(stage.cloud.google_url, stage.cloud.deployer_token, quota_project="elsewhere")
    (walked,) = examine(stack, Clouds(google=google, aws=AwsApi(session, endpoint=stage.cloud.aws_url)))
    assert exit_code([walked]) == NOT_SEEN
    for link in (Link.SERVICES, Link.POOL, Link.JOBS, Link.TABLE):
        actual = of_link(walked, link).actual
        assert "you may not use project elsewhere as quota project" in actual
        assert "gcloud auth application-default set-quota-project" in actual
        assert "you lack" not in actual


def test_aws_credentials_of_another_account_are_distinguished_from_things_that_are_not_there(
    stage: StackHarness, stack: Stack
) -> None:
    stranger = boto3.Session(aws_access_key_id="111111111111", aws_secret_access_key="test", region_name="us-east-1")
    google = google_api(stage.cloud.google_url, stage.cloud.deployer_token)
    (walked,) = examine(stack, Clouds(google=google, aws=AwsApi(stranger, endpoint=stage.cloud.aws_url)))
    assert exit_code([walked]) == NOT_SEEN
    assert "of the account 111111111111, the stack's is 210987654321" in of_link(walked, Link.FUNCTION).actual


# As a user runs it


def test_a_broken_chain_is_one_line_for_each_link_with_the_fix_at_the_end(stage: StackHarness) -> None:
    with breaks.a_binding_with_an_escaped_slash(stage):
        done = keyless(stage, "doctor", STACK)
    assert done.status == FAILED, done.errors
    links, _, first = done.output.partition("reader reader: the first failed link is binding")
    for link in Link:
        assert len([line for line in links.splitlines() if line[16:].startswith(link.value)]) == 1, link
    fixes = [line.split(maxsplit=1)[1] for line in first.splitlines() if line.startswith("  fix ")]
    assert fixes[0] == UP
    assert "remove-iam-policy-binding" in fixes[1], "the member with the escaped slash is more than the stack made"


def test_a_whole_chain_is_reported_to_machines(stage: StackHarness) -> None:
    done = keyless(stage, "doctor", STACK, "--json")
    assert done.status == PASSED, done.errors
    report = json.loads(done.output)
    assert report["exitCode"] == PASSED
    assert report["readers"]["reader"]["firstFailed"] is None
    assert {finding["verdict"] for finding in report["readers"]["reader"]["findings"]} <= {"ok", "not looked at"}


@pytest.mark.parametrize("command", ["doctor", "verify", "invoke", "recover", "adopt", "destroy"])
def test_without_a_stack_that_exists_those_that_do_are_listed(stage: StackHarness, command: str) -> None:
    done = keyless(stage, command, "nowhere", *([str(EVENT)] if command == "invoke" else []))
    assert (done.status, done.output) == (2, "")
    message, _, stacks = done.errors.splitlines()[-1].partition("; this project has ")
    assert message == f"keyless {command}: error: there is no stack 'nowhere'"
    assert STACK in stacks.split(", "), "other tests have stacks there, too"
