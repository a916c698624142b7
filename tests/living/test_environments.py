"""Two environments in one Google project and one AWS account: up side by side, destroyed under each other, up again."""

from __future__ import annotations

import pytest

from infra import outputs
from local_cloud.demo.story import ROWS
from tests.living.commands import pulumi, tool
from tests.living.environments import Environments, reads


def test_no_output_of_one_environment_is_an_output_of_the_other(environments: Environments) -> None:
    told = [stage.output(name) for stage in (environments.dev, environments.prod) for name in outputs.OF_READER]
    assert len(set(told)) == len(told)


def test_one_is_destroyed_under_the_other_and_comes_up_again_at_once(environments: Environments) -> None:
    dev, prod = environments.dev, environments.prod
    mistyped = tool(dev, "destroy", typed="prod\n")
    assert (mistyped.status, "nothing was deleted" in mistyped.errors) == (1, True)
    assert "bq-reader-dev@" in mistyped.output
    assert "/tables/users: with its rows" in mistyped.output
    assert reads(dev)

    assert "destroyed" in tool(dev, "destroy", typed="dev\n").succeeded
    assert not [held for held in environments.holdings if "dev" in held.replace("deployer", "")]
    assert reads(prod)
    assert set(prod.up()) == {"same"}

    dev.up()
    dev.put_rows(ROWS)
    assert reads(dev)


def test_a_protected_environment_is_not_destroyed_and_says_what_to_do(environments: Environments) -> None:
    everything = environments.holdings
    refused = tool(environments.prod, "destroy", "--confirmed", "prod")
    assert refused.status == 1
    for kept in ("Pools/bq-prod-", "/providers/aws-lambda\n", "/bq-reader-prod@", "/keyless_prod\n", "/users\n"):
        assert kept in refused.errors
    commands = (
        "pulumi config set deletionProtection false --stack prod",
        "pulumi up --stack prod",
        "python -m tools.destroy prod",
    )
    places = [refused.errors.index(command) for command in commands]
    assert places == sorted(places)
    engine = pulumi(environments.prod, "destroy", "--yes")
    assert engine.status != 0
    assert "cannot be deleted" in engine.output + engine.errors
    assert environments.holdings == everything, "the engine looks before it deletes, unless it is told to skip that"


@pytest.mark.soak
def test_what_isnt_protected_goes_and_comes_back_with_the_rows_still_there(environments: Environments) -> None:
    everything = environments.holdings
    taken_down = pulumi(environments.prod, "destroy", "--exclude-protected", "--yes", "--skip-preview")
    assert "protected" in taken_down.succeeded
    gone = everything - environments.holdings
    assert {held.split()[0] for held in gone} >= {"function", "role", "log", "roles/iam.workloadIdentityUser"}
    assert not [held for held in gone if held.startswith(("pool", "provider", "service account", "dataset"))]
    environments.prod.up()
    assert environments.holdings == everything
    assert reads(environments.prod)
