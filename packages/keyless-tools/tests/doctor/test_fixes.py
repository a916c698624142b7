"""Every command that the doctor can print is run as it is printed, against the case that produced it.

Then the doctor is satisfied, `pulumi up` would change nothing, and no row is lost.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from keyless_bigquery.components import outputs
from keyless_bigquery.trust.organisation import PROVIDERS_CONSTRAINT
from keyless_tools.doctor import fixes
from keyless_tools.doctor.examine import examine
from keyless_tools.doctor.finding import Link, Verdict
from pulumi_offline.demo.scenario import ROWS
from pulumi_offline.stack_harness import StackHarness
from tests.doctor import breaks, by_hand, changes
from tests.doctor.following import ALL_FIXES, follow, shell, to_fix
from tests.doctor.users import as_deployed, seen_by_the_deployer
from tests.official_tools.shell import installed

Case = Callable[[StackHarness], AbstractContextManager[None]]

pytestmark = [installed("gcloud"), installed("bq"), installed("aws"), pytest.mark.timeout(500)]
STACK = "fixes"
DATASETS = "/bigquery/v2/projects/local-keyless/datasets"

NOT_RUN = {
    "bring_table_back": ("bq cp --no_clobber", "JobConfiguration.copy is not offered by the"),
    "bring_dataset_back": ("bq --location=US query", "Not understood by the local gateway"),
}
"""Fixes that the local BigQuery refuses, having no time travel: their tool takes them; this is the answer."""

WITHOUT_A_CASE = {"preview", "show_table", "wait_for_function"}
"""Commands that change nothing: they show something to a person, or wait."""


# A stack with all that the program can make


@pytest.fixture(scope="module")
def stage(deployed: StackHarness) -> Iterator[StackHarness]:
    """A stack of its own, deployed by the command that the fixes begin with; what it lists is another team's."""
    made = deployed.beside(STACK, {"roleName": "Keyless-Reader-Fixes", "schedule": "rate(1 hour)"})
    with datasets(deployed, near="US", far="EU"):
        shell(made, fixes.deploy(STACK))
        made.put_rows(ROWS)
        assert to_fix(made) == []
        yield made
        made.destroy()


@contextmanager
def datasets(stage: StackHarness, **locations: str) -> Iterator[None]:
    for name, location in locations.items():
        stage.google("POST", DATASETS, {"datasetReference": {"datasetId": name}, "location": location})
    yield
    for name in locations:
        changes.google_delete(stage, f"{DATASETS}/{name}?deleteContents=true")


def assert_nothing_to_do(stage: StackHarness) -> None:
    """An `up` would change nothing, and no row is lost."""
    shell(stage, f"pulumi preview --expect-no-changes --stack {stage.stack.name}")
    assert int(stage.google("GET", changes.table(stage))["numRows"]) == len(ROWS)


def broken_all_at_once(stage: StackHarness, cases: Sequence[Case]) -> ExitStack:
    """Makes every change; what is returned would undo them, and is dropped: the fixes do."""
    undone = ExitStack()
    for change in cases:
        undone.enter_context(change(stage))
    return undone.pop_all()


PUT_BACK: Sequence[Case] = (
    breaks.a_role_that_another_account_may_assume,
    breaks.another_table_in_the_environment,
    breaks.a_condition_in_another_case,
    breaks.a_binding_of_another_pool,
    breaks.no_data_viewer,
    breaks.a_log_group_that_was_deleted,
)
"""Changes by hand that one `pulumi up --refresh` puts back. Each is of this stack alone."""

RUN: dict[str, set[str]] = {
    "puts back": {"up", "remove_from_account"},
    "switched off": {"enable_services", "pool", "provider", "enable_account"},
    "added": {
        *("provider", "delete_policy", "detach_policy", "remove_permission", "remove_from_account"),
        *("remove_from_project", "remove_from_table", "edit_access_list"),
    },
    "package": {"make_function_again", "up"},
    "settings": {"restore_settings"},
    "not deployed": {"deploy"},
    "paused": {"run_again", "unlist", "deploy"},
    "last deployment": {"settings_of_the_last_deployment"},
    "theirs": {"use_location", "select_columns", "edit_access_list"},
    "organisation": {"allow_value"},
    "keys": {"disable_key", "enable_key", "delete_key"},
}
"""What each of the tests below runs, and that of the keys in ``test_keys_deployed``."""


def test_every_command_that_is_printed_is_followed_by_some_test() -> None:
    assert set.union(*RUN.values(), NOT_RUN, WITHOUT_A_CASE) == set(ALL_FIXES)


def test_one_up_puts_back_whatever_the_stack_owns(stage: StackHarness) -> None:
    broken = broken_all_at_once(stage, PUT_BACK)
    failed = [one for one in to_fix(stage) if one.verdict is Verdict.FAILED]
    assert [one.fix for one in failed] == [fixes.up(STACK)] * len(PUT_BACK)
    assert follow(stage) == RUN["puts back"]
    assert_nothing_to_do(stage)
    del broken


SWITCHED_OFF: Sequence[Case] = (
    breaks.sts_switched_off,
    breaks.the_pool_disabled,
    breaks.the_provider_disabled,
    breaks.the_account_disabled,
)


@pytest.mark.soak
@pytest.mark.parametrize(
    "cases", [pytest.param(SWITCHED_OFF, id="disabled"), pytest.param([breaks.the_pool_deleted], id="deleted")]
)
def test_what_was_switched_off_or_deleted_is_had_back_by_gcloud(stage: StackHarness, cases: Sequence[Case]) -> None:
    broken = broken_all_at_once(stage, cases)
    assert follow(stage) == (RUN["switched off"] if cases is SWITCHED_OFF else {"pool", "provider"})
    assert_nothing_to_do(stage)
    del broken


def project_grant(stage: StackHarness) -> AbstractContextManager[None]:
    email = f"serviceAccount:{stage.output(outputs.SERVICE_ACCOUNT)}"
    return by_hand.member_added(stage, f"/v1/projects/{stage.cloud.project_id}", "roles/bigquery.dataViewer", email)


def member_on(path: Callable[[StackHarness], str], role: str) -> Case:
    return lambda stage: by_hand.member_added(stage, path(stage), role, by_hand.STRANGER)


ADDED: Sequence[Case] = (
    by_hand.provider_added,
    by_hand.inline_policy_added,
    by_hand.policy_attached,
    by_hand.statement_added,
    member_on(changes.account, "roles/iam.serviceAccountTokenCreator"),
    project_grant,
    member_on(changes.table, "roles/bigquery.dataEditor"),
    by_hand.access_entry_added,
)


def editor(folder: Path, code: str) -> Path:
    """An editor that does to the access list of the file what a line of Python says."""
    program = folder / "editor"
    program.write_text(
        "#!/usr/bin/env python3\nimport json, sys\nfound = json.load(open(sys.argv[1]))\naccess = found['access']\n"
        f"{code}\njson.dump(found, open(sys.argv[1], 'w'))\n"
    )
    program.chmod(0o700)
    return program


@pytest.mark.soak
def test_what_was_added_is_removed_and_nothing_else(stage: StackHarness, tmp_path: Path) -> None:
    broken = broken_all_at_once(stage, ADDED)
    removes = "found['access'] = [one for one in access if one.get('userByEmail') != 'stranger@example.com']"
    assert follow(stage, editor(tmp_path, removes)) == RUN["added"]
    assert_nothing_to_do(stage)
    del broken


@pytest.mark.soak
def test_a_package_is_made_again(stage: StackHarness) -> None:
    broken = broken_all_at_once(stage, [breaks.a_package_without_the_file])
    assert follow(stage) == RUN["package"]
    assert_nothing_to_do(stage)
    del broken


@pytest.mark.soak
def test_settings_that_would_cost_rows_are_changed_back(stage: StackHarness) -> None:
    shell(stage, f"pulumi config set tableId others --stack {STACK}")
    shell(stage, f"pulumi config set bigqueryLocation EU --stack {STACK}")
    assert follow(stage) == RUN["settings"]
    assert_nothing_to_do(stage)


@pytest.mark.soak
def test_other_settings_are_deployed_and_a_pause_and_another_location_are_ended(stage: StackHarness) -> None:
    shell(stage, f"pulumi config set --path 'tables[0]' local-keyless.near --stack {STACK}")
    assert follow(stage) == RUN["not deployed"]
    shell(stage, f"pulumi config set --path 'tables[1]' local-keyless.far --stack {STACK}")
    shell(stage, f"pulumi config set reservedConcurrency 0 --stack {STACK}")
    shell(stage, fixes.deploy(STACK))
    assert follow(stage) == RUN["paused"]
    assert_nothing_to_do(stage)


def test_an_organisation_that_forbids_aws_is_asked_to_allow_it(stage: StackHarness) -> None:
    deployed, clouds = as_deployed(stage), seen_by_the_deployer(stage)
    unmade = {**deployed.outputs, outputs.PROVIDER_NAME: f"{stage.output(outputs.PROVIDER_NAME)}-2"}
    missing = dataclasses.replace(deployed, outputs=unmade)

    def judged() -> tuple[Verdict, str]:
        (walked,) = examine(missing, clouds)
        (finding,) = [one for one in walked.findings if one.link is Link.ORGANISATION_POLICY]
        return finding.verdict, finding.fix

    elsewhere = {"listPolicy": {"allowedValues": ["https://accounts.example.com"]}}
    with changes.organisation_policy(stage, PROVIDERS_CONSTRAINT, elsewhere):
        verdict, fix = judged()
        assert verdict is Verdict.FAILED
        shell(stage, fix)
        assert judged() == (Verdict.OK, "")


@pytest.mark.soak
def test_a_reader_that_is_gone_from_the_settings_is_had_back_with_its_table(deployed: StackHarness) -> None:
    several = deployed.beside("fixreaders", {"readers": [{"name": "a"}, {"name": "b"}]})
    shell(several, fixes.deploy("fixreaders"))
    shell(several, "pulumi config rm --path 'readers[1]' --stack fixreaders")
    try:
        assert follow(several) == RUN["last deployment"]
        shell(several, "pulumi preview --expect-no-changes --stack fixreaders")
    finally:
        several.destroy()


# What belongs to another team

VIEW = {"query": "SELECT fact FROM `local-keyless.raw.facts`", "useLegacySql": False}
THEIRS: dict[str, Any] = {
    "table": "existing",
    "datasetId": "abroad",
    "tableId": "seen",
    "columns": [{"name": "fact"}, {"name": "total"}],
}


@pytest.fixture
def guest(deployed: StackHarness) -> Iterator[StackHarness]:
    """A stack that reads another team's view, in another location than it looks, by a column that isn't there."""
    with datasets(deployed, abroad="EU", raw="EU"):
        schema = {"fields": [{"name": "fact", "type": "STRING"}]}
        facts = {"tableReference": {"tableId": "facts"}, "schema": schema}
        deployed.google("POST", f"{DATASETS}/raw/tables", facts)
        deployed.google("POST", f"{DATASETS}/abroad/tables", {"tableReference": {"tableId": "seen"}, "view": VIEW})
        made = deployed.beside("fixguest", THEIRS)
        made.up()
        yield made
        made.destroy()


@pytest.mark.soak
def test_of_another_teams_table_the_settings_are_adapted_and_its_view_is_authorised(
    guest: StackHarness, tmp_path: Path
) -> None:
    entry = json.dumps({"view": {"projectId": "local-keyless", "datasetId": "abroad", "tableId": "seen"}})
    assert follow(guest, editor(tmp_path, f"access.append({entry})")) >= RUN["theirs"]
    shell(guest, "pulumi preview --expect-no-changes --stack fixguest")
    invoked = guest.invoke()
    assert not invoked.failed, invoked.log


# What the local cloud can't carry out


@pytest.mark.soak
def test_a_fix_that_needs_time_travel_is_taken_by_its_tool(stage: StackHarness) -> None:
    table = "local-keyless:near.gone"
    for name, command in {
        "bring_table_back": fixes.bring_table_back(table),
        "bring_dataset_back": fixes.bring_dataset_back("local-keyless.gone", location="US"),
    }.items():
        begins, answers = NOT_RUN[name]
        assert command.startswith(begins)
        with pytest.raises(AssertionError, match=answers):
            shell(stage, command)


@pytest.mark.soak
def test_a_command_that_only_shows_or_waits_succeeds(stage: StackHarness) -> None:
    shown = json.loads(shell(stage, fixes.show_table(f"local-keyless:{stage.output(outputs.TABLE).partition('.')[2]}")))
    assert shown["type"] == "TABLE"
    assert "Resources:" in shell(stage, fixes.preview(STACK))
    shell(stage, fixes.wait_for_function(stage.output(outputs.FUNCTION_NAME), region=stage.cloud.aws_region))
