"""What was made by hand is taken into a stack, never replaced, and read by its function all the while."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pulumi.automation.errors import CommandError

from federation_emulator.client.cloud import LocalCloud
from pulumi_offline.demo.scenario import ROWS
from pulumi_offline.engine.pins import ROOT
from pulumi_offline.stack_harness import StackHarness
from tests.living import by_hand
from tests.living.commands import tool
from tests.living.environments import plan

REQUIRED = [{**by_hand.COLUMNS[0], "mode": "REQUIRED"}, by_hand.COLUMNS[1]]
KEPT_IN_THE_STATE = {"deletionPolicy", "deletionProtection", "deleteContentsOnDestroy"}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[StackHarness]:
    """A stack that knows nothing of what is made by hand, on a cloud of its own: a pool's id stays taken."""
    with LocalCloud.start() as cloud, StackHarness(cloud, tmp_path, by_hand.SETTINGS, name="adopted") as opened:
        yield opened


EVENT = ROOT / "lambda_src" / "example_event.json"


def reads(stage: StackHarness) -> bool:
    """Whether a cold function reads, made by hand or by the stack."""
    client = stage.aws("lambda")
    client.update_function_configuration(FunctionName=by_hand.FUNCTION, MemorySize=256)
    return "FunctionError" not in client.invoke(FunctionName=by_hand.FUNCTION, Payload=EVENT.read_bytes())


def left(message: str) -> dict[str, tuple[str, set[str]]]:
    """What ``pulumi up`` would still do, as the command prints it: name → operation and properties."""
    lines = [line.split(maxsplit=2) for line in message.partition("would still do this:\n")[2].splitlines()]
    return {
        name: (operation, set(rest[0].strip("()").split(", ")) if rest else set()) for operation, name, *rest in lines
    }


@pytest.mark.timeout(240)
def test_what_was_made_by_hand_is_adopted_in_place_and_read_all_the_while(stage: StackHarness) -> None:
    by_hand.make(stage)
    made = stage.holdings()
    assert reads(stage)
    message = tool(stage, "adopt", "--run").succeeded
    assert stage.holdings() == made, "an adoption makes and deletes nothing"
    absent = {line.split()[2] for line in message.splitlines() if line.startswith("not there")}
    assert absent == {"may-impersonate"}, "the binding names the role's ARN now"
    rest = left(message)
    assert {operation for operation, _ in rest.values()} == {"create", "update"}
    assert {name for name, (operation, _) in rest.items() if operation == "create"} == {"may-impersonate"}
    texts = {"description", "displayName"}
    assert rest["aws-provider"][1] - KEPT_IN_THE_STATE - texts == {"attributeCondition", "attributeMapping"}
    assert rest["table"][1] - KEPT_IN_THE_STATE - texts == set()
    assert rest["function"][1] == {"code", "description", "loggingConfig", "memorySize", "timeout"}

    # The new binding first: the old mapping goes on matching the old one until the new mapping matches the new one.
    stage.stack.up(target=["**::may-impersonate"])
    assert len([held for held in stage.holdings() if held.startswith(by_hand.USER)]) == 2
    assert reads(stage)
    stage.up()
    by_hand.unbind(stage)
    assert reads(stage)
    assert plan(stage) == {}


@pytest.mark.soak
def test_what_was_made_by_hand_is_printed_as_lines_to_type(stage: StackHarness) -> None:
    by_hand.make(stage)
    message = tool(stage, "adopt").succeeded
    assert "pulumi import aws:iam/role:Role execution-role lambda-role --parent" in message
    assert "run this again: may-" in message


@pytest.mark.soak
def test_a_stack_that_lost_its_state_adopts_all_that_it_made(stage: StackHarness) -> None:
    stage.up()
    stage.up()
    made = stage.holdings()
    again = stage.beside("again", by_hand.SETTINGS)
    message = tool(again, "adopt", "--run").succeeded
    assert "not there" not in message
    rest = left(message)
    assert rest.pop("function") == ("update", {"code"}), "nothing shows what a zip was made from"
    assert all(properties <= KEPT_IN_THE_STATE for _, properties in rest.values()), rest
    again.up()
    assert plan(again) == {}
    assert again.holdings() == made


@pytest.mark.soak
def test_a_table_that_the_settings_describe_otherwise_is_named_before_anything_is_adopted(stage: StackHarness) -> None:
    by_hand.make(stage)
    required = stage.beside("adopted", {**by_hand.SETTINGS, "columns": REQUIRED})
    made = required.holdings()
    refused = tool(required, "adopt", "--run")
    assert refused.status == 1
    assert "column user_id: REQUIRED instead of NULLABLE" in refused.errors
    narrower = stage.beside(
        "another", {**by_hand.SETTINGS, "columns": by_hand.COLUMNS[:1], "deletionProtection": "true"}
    )
    refused = tool(narrower, "adopt", "--run")
    assert refused.status == 1
    assert "column name: STRING NULLABLE in the table and not in the settings" in refused.errors
    assert required.holdings() == made
    assert reads(stage)


@pytest.mark.soak
def test_after_a_destroy_a_pool_of_a_fixed_id_is_undeleted_and_adopted(stage: StackHarness) -> None:
    stage.up()
    stage.destroy()
    with pytest.raises(CommandError, match="Requested entity already exists"):
        stage.up()
    by_hand.undelete_pool(stage)
    message = tool(stage, "adopt", "--run").succeeded
    assert [line.split()[1] for line in message.splitlines() if line.startswith("adopted")] == ["pool", "aws-provider"]
    stage.up()
    stage.put_rows(ROWS)
    assert reads(stage)
