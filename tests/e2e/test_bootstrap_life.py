"""A stack's whole life as GitHub's jobs: nothing that they need is missing, and nothing is granted without a use.

Longer than a change is worth waiting for: ``test_bootstrap.py`` has the short of it.
"""

from __future__ import annotations

import dataclasses
import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping

import pytest
from pulumi.automation import OpType

from bootstrap import aws_policies, google_roles
from bootstrap.settings import Settings
from federation_emulator.client.cloud import LocalCloud
from federation_emulator.core.permissions import ROLES
from keyless_bigquery.components import outputs
from pulumi_offline.engine.workspace import Workspace
from pulumi_offline.stack_harness import StackHarness
from tests.bootstrap.given import KEY, settings
from tests.bootstrap.policy import statements
from tests.bootstrap.reasons import REFUSED_TO_LOOK, TO_DEPLOY, TO_LOOK
from tests.e2e.github_jobs import DEPLOYS, ENVIRONMENT_KEY, NAME, PREVIEWS, Jobs, deployed
from tests.e2e.github_jobs import cloud as cloud
from tests.e2e.test_drift import drift

pytestmark = pytest.mark.soak

SETTINGS = settings(secretsKey=KEY, environmentKmsKeyArn=ENVIRONMENT_KEY)
TRUSTS_EC2 = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
ALWAYS_ALLOWED = {"sts:GetCallerIdentity"}
"""Source: AWS STS API, "GetCallerIdentity": no permission is needed."""


@pytest.fixture(scope="module")
def jobs(cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jobs]:
    """What GitHub's jobs get for their tokens."""
    with deployed(cloud, tmp_path_factory.mktemp("bootstrap")) as found:
        yield found


@dataclasses.dataclass(frozen=True, kw_only=True)
class Life:
    """What the engine did of a stack, as a job of GitHub's, and what both clouds recorded of it."""

    steps: dict[str, set[OpType]]
    used_on_aws: dict[str, set[str]]
    used_on_google: dict[str, set[str]]


WHOLE = {
    "schedule": "rate(1 hour)",
    "reservedConcurrency": 5,
    "subnetIds": ["subnet-0123456789abcdef0"],
    "securityGroupIds": ["sg-0123456789abcdef0"],
}
CHANGED = {
    "schedule": "rate(2 hours)",
    "memoryMb": 256,
    "columns": [{"name": "user_id", "type": "INTEGER"}, {"name": "name", "type": "STRING"}],
}


@pytest.fixture(scope="module")
def life(cloud: LocalCloud, jobs: Jobs, tmp_path_factory: pytest.TempPathFactory) -> Life:
    """A stack from its first preview to its end."""
    folder, elsewhere = (tmp_path_factory.mktemp(name) for name in ("stack", "elsewhere"))
    state = {"PULUMI_BACKEND_URL": Workspace(folder).backend.as_uri()}
    always = {
        "permissionsBoundaryArn": jobs.bootstrap.output("permissions_boundary_arn"),
        "environmentKmsKeyArn": ENVIRONMENT_KEY,
    }
    steps: dict[str, set[OpType]] = {}
    deployer = jobs.environment(DEPLOYS, "deploy", session="life")
    previewer = jobs.environment(PREVIEWS, "preview", session="life")
    last = cloud.decisions()[-1].id
    with (
        StackHarness(cloud, folder, always | WHOLE, name=NAME, environment=deployer) as stack,
        # In a folder of its own, as on another machine: its plugins have other credentials.
        StackHarness(cloud, elsewhere, always | WHOLE, name=NAME, environment=previewer | state) as looking,
    ):
        steps["a preview of what is not there"] = set(looking.preview().change_summary)
        steps["a deployment"] = set(stack.up())
        steps["a preview of no change"] = set(stack.preview().change_summary)
        no_drift = drift(looking, elsewhere)
        by_hand(stack)
        found = drift(looking, elsewhere)
        steps["a change"] = set(stack.beside(NAME, always | CHANGED).up(refresh=True))
        steps["the end"] = set(stack.destroy())
    assert (no_drift.returncode, found.returncode) == (0, 1), no_drift.stdout + no_drift.stderr + found.stderr
    return Life(steps=steps, used_on_aws=jobs.used_on_aws("life"), used_on_google=jobs.used_on_google(after=last))


def by_hand(stack: StackHarness) -> None:
    """Change what a deployment may put right, as the account's owner."""
    name, tags = stack.output(outputs.FUNCTION_NAME), {"by": "hand"}
    pair = [{"Key": "by", "Value": "hand"}]
    iam, function, logs, events = (stack.aws(service) for service in ("iam", "lambda", "logs", "events"))
    iam.update_role(RoleName=name, Description="Changed by hand.", MaxSessionDuration=7200)
    iam.update_assume_role_policy(
        RoleName=name, PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": TRUSTS_EC2})
    )
    iam.delete_role_permissions_boundary(RoleName=name)
    iam.tag_role(RoleName=name, Tags=pair)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as package:
        package.writestr("handler.py", "")
    function.update_function_code(FunctionName=name, ZipFile=archive.getvalue())
    function.tag_resource(Resource=function.get_function(FunctionName=name)["Configuration"]["FunctionArn"], Tags=tags)
    (group,) = logs.describe_log_groups(logGroupNamePrefix=stack.output(outputs.LOG_GROUP))["logGroups"]
    logs.tag_resource(resourceArn=group["arn"].removesuffix(":*"), tags=tags)
    events.tag_resource(ResourceARN=events.describe_rule(Name=name)["Arn"], Tags=pair)


def test_the_identities_suffice_for_a_stacks_whole_life(life: Life) -> None:
    assert life.steps == {
        "a preview of what is not there": {"create"},
        "a deployment": {"create"},
        "a preview of no change": {"same"},
        "a change": {"same", "update", "delete"},
        "the end": {"delete"},
    }
    refused = life.used_on_aws["refused"] | life.used_on_google["refused"]
    assert refused == set(REFUSED_TO_LOOK)


@pytest.mark.parametrize(
    ("identity", "document", "reasons"),
    [("deploy", aws_policies.deploying, TO_DEPLOY), ("preview", aws_policies.previewing, TO_LOOK)],
)
def test_each_action_is_used_or_named_with_its_reason(
    life: Life, identity: str, document: Callable[[Settings], str], reasons: Mapping[str, str]
) -> None:
    granted = {name for one in statements(document(SETTINGS)) for name in one["Action"]}
    used = life.used_on_aws[identity] - ALWAYS_ALLOWED
    assert used <= granted
    assert granted - used == set(reasons)


def test_each_role_gives_a_permission_that_is_used_and_that_no_other_role_gives(life: Life) -> None:
    looking = {grant.role for grant in google_roles.previewing(SETTINGS)}
    deploying = {grant.role for grant in google_roles.deploying(SETTINGS)}
    # Who deploys may look as well.
    for identity, roles, all_roles in (("preview", looking, looking), ("deploy", deploying, looking | deploying)):
        for role in roles:
            others = frozenset().union(*(ROLES[other] for other in all_roles - {role}))
            assert (life.used_on_google[identity] & ROLES[role]) - others, f"{role} is for nothing: {identity}"
