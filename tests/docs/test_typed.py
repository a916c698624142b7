"""Every block of commands in the documents is typed as it stands, or is in a table with the reason why not."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator

import pytest

from federation_emulator.client.cloud import LocalCloud
from pulumi_offline import attached
from tests.docs.config_lines import lines_of
from tests.docs.typed import ACCOUNT, PROJECT, Block, Clone, blocks

DEPLOY = ("README.md", "make setup")
DOCTOR = ("docs/troubleshooting.md", "make doctor STACK=dev")
MEANWHILE = ("docs/living.md", "pulumi stack init prod-meanwhile")
DESTROY = ("docs/living.md", "make destroy STACK=dev")
LOCAL_CLOUD = ("packages/federation-emulator/README.md", "federation-emulator serve --seed example &")
CONTAINER = ("examples/container/README.md", 'cloud=".venv/bin/python -m federation_emulator"')
TYPED = {DEPLOY, DOCTOR, MEANWHILE, DESTROY, LOCAL_CLOUD, CONTAINER}

NO_COMMANDS = {
    ("README.md", "AWS"),
    ("README.md", "[ 14.4 s] take the"),
    ("docs/chain.md", "AWS"),
}
"""Pictures and examples of what is printed."""

NOT_TYPED = {
    ("README.md", "make demo"): "tests/e2e/test_demo.py runs it, and this test is a part of `make test`",
    ("CONTRIBUTING.md", "git clone URL && cd"): "the same, and an address to fill in",
    ("docs/state.md", "pulumi login"): "Pulumi Cloud",
    ("docs/state.md", "aws s3api create-bucket --bucket acme-keyless-prod"): "AWS's S3 and KMS",
    ("docs/state.md", "gcloud storage buckets create gs://acme-keyless-prod"): "Google's Cloud Storage and KMS",
    ("docs/state.md", "pulumi stack export --stack prod"): "two backends to fill in",
    ("docs/cost.md", "aws lambda list-versions-by-function --function-name FUNCTION"): "a function to fill in",
    ("docs/delivery.md", "gh api repos/acme/reports --jq '.id,"): "GitHub",
    ("docs/delivery.md", "pulumi -C bootstrap stack output"): "GitHub",
    ("docs/delivery.md", "gh variable set DELIVERY --body"): "GitHub",
    (
        "docs/delivery.md",
        'pulumi config set permissionsBoundaryArn "$(pulumi',
    ): "what bootstrap made with GitHub",
    ("docs/delivery.md", "mkdir ~/reports && cd ~/reports"): "tests/template types it",
    ("template/README.md", ".venv/bin/uv build --all-packages --wheel --out-dir"): "tests/template types it",
    (
        "template/README.md",
        "keyless-bigquery[pulumi] @ git+https://github.com/OWNER/keyless-bigquery@v0.1.0",
    ): "no command",
    ("template/README.md", "python3 -m venv .venv"): "tests/template types it",
    ("template/README.md", "gcloud auth application-default login"): "tests/template types it",
    ("template/README.md", "pip install -r requirements-dev.txt"): "tests/template types it",
    (
        "docs/existing.md",
        "aws lambda get-function-configuration --function-name orders",
    ): "a function and layers to fill in",
    (
        "docs/existing.md",
        "bq query --use_legacy_sql=false 'SELECT user_email,",
    ): "BigQuery's own record of jobs",
    (
        "docs/existing.md",
        "keyless doctor --keys OLD_ACCOUNT@my-project.iam.gserviceaccount.com",
    ): "an account to fill in: packages/keyless-tools/tests/doctor/test_keys.py",
    (
        "packages/federation-emulator/README.md",
        'pip install "git+https://github.com/OWNER/keyless-bigquery#subdirectory=packages/federation-emulator"',
    ): "an address to fill in: packages/federation-emulator/tests/emulator/install has the wheel",
    (
        "packages/federation-emulator/README.md",
        "federation-emulator serve --seed example --tls",
    ): "packages/federation-emulator/tests/emulator/test_tls.py asks it with real clients",
    (
        "component/README.md",
        'pulumi package add "$(command -v',
    ): "a newer language host for Node; tests/components/test_component_host.py has the schema by this name",
    ("docs/existing.md", "aws secretsmanager delete-secret --secret-id bigquery-key"): "a secret to fill in",
    (
        "docs/existing.md",
        "gcloud resource-manager org-policies enable-enforce iam.disableServiceAccountKeyCreation",
    ): "a policy that the local Google doesn't have",
    (
        "docs/function.md",
        "echo 'PyYAML==6.0.3' >> lambda_src/requirements.in",
    ): "a registry: tests/replacing has its lock",
    ("docs/living.md", "keyless recover dev"): (
        "an update that was interrupted: packages/keyless-tools/tests/living/test_recovering.py"
    ),
    ("docs/living.md", "pulumi destroy --exclude-protected"): "a protected stack: packages/keyless-tools/tests/living",
    (
        "docs/living.md",
        "pulumi config set deletionProtection false",
    ): "a stack to fill in: packages/keyless-tools/tests/living",
    ("docs/living.md", "gcloud iam workload-identity-pools undelete POOL"): "a pool to fill in",
    ("docs/living.md", "pulumi up --target '**::may-impersonate'"): "seven minutes, and an account to fill in",
    (
        "docs/living.md",
        "pulumi config rm readers",
    ): "a stack to fill in: packages/keyless-tools/tests/living/test_recovering.py",
    ("docs/living.md", "aws lambda update-function-configuration --function-name FUNCTION"): "a function to fill in",
    (
        "docs/living.md",
        "aws ec2 describe-network-interfaces \\",
    ): "EC2: packages/keyless-tools/tests/living/test_network_interfaces.py",
    ("docs/troubleshooting.md", "gcloud resource-manager org-policies describe iam.allowedPolicyMemberDomains"): (
        "an organisation of Google's"
    ),
    ("docs/troubleshooting.md", "gcloud auth application-default set-quota-project PROJECT"): "a person's own login",
    ("docs/options.md", "gcloud compute addresses create readers"): "a network of Google's",
    ("docs/security.md", "gcloud logging read 'protoPayload.serviceName=\"sts.googleapis.com\"' --project=PROJECT"): (
        "Google's audit logs"
    ),
    ("docs/security.md", "gcloud iam workload-identity-pools update POOL"): "a pool to fill in",
    ("docs/security.md", "gcloud iam service-accounts disable EMAIL"): "an account to fill in",
    ("docs/security.md", "aws lambda put-function-concurrency --function-name FUNCTION"): "a function to fill in",
    (
        "docs/security.md",
        "pulumi config set roleName reader-after-the-incident",
    ): "a replacement: packages/keyless-tools/tests/living",
    ("examples/container/README.md", "pool=$(pulumi stack output pool_name)"): "gcloud, and what Google answers it",
    ("examples/container/README.md", "docker build -f examples/container/Dockerfile -t"): "Docker",
}
"""What no test can type, and why."""


@functools.cache
def found() -> tuple[list[Block], list[Block]]:
    """The blocks that only set, and the others. Not for each worker that collects: reading all pages takes seconds."""
    every = blocks()
    settings = [block for block in every if block.only_sets and block.key not in NOT_TYPED]
    return settings, [block for block in every if block not in settings]


def text_of(key: tuple[str, str]) -> str:
    (block,) = [block for block in found()[1] if block.key == key]
    return block.text


def test_every_block_is_typed_or_has_a_reason_not_to_be() -> None:
    others = [block.key for block in found()[1]]
    assert sorted(others) == sorted([*TYPED, *NO_COMMANDS, *NOT_TYPED]), "two blocks of a page must begin differently"


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    with (
        LocalCloud.start(options=["--project-id", PROJECT, "--aws-account-id", ACCOUNT]) as cloud,
        # Kept running, since each command of the engine would start them again.
        attached.serving(cloud.folder, cloud.environment()) as listening,
    ):
        yield Clone.make(tmp_path_factory.mktemp("typed"), cloud, listening)


@pytest.mark.timeout(600)
def test_the_blocks_of_a_stacks_life_can_be_typed_one_after_another(clone: Clone) -> None:
    deployed = clone.type(text_of(DEPLOY))
    assert "  all checks passed\n" in deployed
    assert "your function returned:\n" in deployed
    checked = clone.type(text_of(DOCTOR))
    assert "BROKEN" not in checked
    clone.type(text_of(MEANWHILE), activate=True)
    clone.type(text_of(DESTROY), answer="dev\n")
    left = clone.type("pulumi stack ls --json", activate=True)
    assert {stack["name"]: stack["resourceCount"] for stack in json.loads(left)}["dev"] == 0


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("key", "printed"),
    [
        (LOCAL_CLOUD, ('"access_token"', '"error"', "impersonated reporter@")),
        (CONTAINER, ("The query data:", "attribute condition")),
    ],
    ids=["local cloud", "container"],
)
def test_a_block_that_starts_its_own_local_google_can_be_typed(
    clone: Clone, key: tuple[str, str], printed: tuple[str, ...]
) -> None:
    shown = clone.type(text_of(key), refused=True, activate=True)
    assert [part for part in printed if part not in shown] == [], shown


@pytest.mark.timeout(300)
def test_a_shell_reads_each_settings_line_as_the_test_of_settings_does(clone: Clone) -> None:
    calls = clone.recorded("".join(block.text for block in found()[0]))
    typed = [[word for word in call[2:] if word != "--path"] for call in calls]
    assert typed == [[key, value] for block in found()[0] for key, value, _ in lines_of(block.text)]


def test_blocks_differ_by_document_and_first_line() -> None:
    one = Block(page="a.md", text="make setup    # or not\npulumi up\n")
    assert one.key == ("a.md", "make setup")
    assert not one.only_sets
