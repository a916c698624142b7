"""The servers behind every local Google of the tests: once for the session, whichever rooms' tests run in it."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from federation_emulator.client.cloud import LocalCloud
    from federation_emulator.servers.aws import LocalAws
    from federation_emulator.servers.bigquery import BigQueryEmulator
    from pulumi_offline.stack_harness import StackHarness

_LIMIT_SECONDS = 60.0
_RUNS_PROGRAMS = {
    "bootstrap",
    "components",
    "doctor",
    "e2e",
    "guardrails",
    "living",
    "plugins",
    "robustness",
    "settings",
}

_TAKE_LONG = (
    *("docs", "template", "replacing", "living", "e2e", "doctor", "official_tools", "plugins"),
    *("install", "processes", "page", "differential", "fuzz"),
)
"""Folders with files that take a minute."""

OTHER_PROJECTS = {"pool-project": "222222222222", "data-project": "333333333333"}
"""Id and number of the projects that exist beside the one that pays."""

# No test downloads a plugin. Official ones that are installed are used, unless KEYLESS_PLUGINS names other ones.
os.environ["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] = "true"
# The engine's Python language host asks pip what is installed before each command: a second of it each time.
os.environ["PYTHONPATH"] = os.pathsep.join(
    filter(None, [str(Path(__file__).parent / "tests" / "quick_pip"), os.environ.get("PYTHONPATH")])
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begins with the files that take long, in this order: at the end, short ones keep every worker busy."""
    rank = {name: place for place, name in enumerate(_TAKE_LONG)}
    items.sort(key=lambda item: rank.get(item.path.parent.name, len(rank)))


def pytest_collection_finish() -> None:
    """Keeps what was imported so far out of every later collection of garbage: of the SDKs' classes each takes long."""
    gc.collect()
    gc.freeze()


# What the fixtures need is imported in them: most tests start no server, and would only wait for its clients to load.


@pytest.fixture(scope="module", autouse=True)
def failed_runs_forgotten(request: pytest.FixtureRequest) -> Iterator[None]:
    """Collect what the SDK leaves of failed runs with the module that made them: later it would fail another's test."""
    yield
    if request.path.parent.name in _RUNS_PROGRAMS:
        from tests.failed_runs import forget_failed_runs

        forget_failed_runs()


@pytest.fixture(scope="session", autouse=True)
def function_of_the_tests() -> Iterator[None]:
    """Deploy a function of the tests' own: what a user writes in `lambda_src` is nothing that they are about."""
    if "keyless_bigquery.components.program" not in sys.modules:
        # Nothing that was collected deploys.
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "keyless_bigquery.components.program.FUNCTION",
            Path(__file__).parent / "tests" / "runtime" / "functions" / "rows",
        )
        yield


@pytest.fixture(scope="session")
def aws_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the real local AWS, where the keys of issuers may be."""
    return tmp_path_factory.mktemp("aws")


@pytest.fixture(scope="session")
def aws_url(aws_folder: Path) -> Iterator[str]:
    """A real local AWS."""
    from federation_emulator.servers import environments
    from federation_emulator.servers.aws import AwsSettings, LocalAws
    from federation_emulator.servers.progress import Progress
    from tests.emulator.chain import ACCOUNT, REGION

    environments.ensure(environments.LOCAL_AWS, Progress())
    settings = AwsSettings(account_id=ACCOUNT, region=REGION, folder=aws_folder)
    yield from _while_it_runs(LocalAws.start(settings))


@pytest.fixture(scope="session")
def bigquery_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real BigQuery emulator."""
    from federation_emulator.servers import environments
    from federation_emulator.servers.bigquery import BigQueryEmulator, EmulatorSettings
    from federation_emulator.servers.progress import Progress
    from tests.emulator.google_server import PROJECT

    environments.ensure(environments.LOCAL_WAREHOUSE, Progress())
    settings = EmulatorSettings(project_id=PROJECT, folder=tmp_path_factory.mktemp("emulator"))
    yield from _while_it_runs(BigQueryEmulator.start(settings))


def _while_it_runs(server: LocalAws | BigQueryEmulator) -> Iterator[str]:
    """The address of a server that was started, until it is ended."""
    try:
        server.wait(limit_seconds=_LIMIT_SECONDS)
        yield server.url
    finally:
        server.child.stop()


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A whole local cloud in a process of its own."""
    from federation_emulator.client.cloud import LocalCloud

    others = [part for name, number in OTHER_PROJECTS.items() for part in ("--also-project", f"{name}={number}")]
    with LocalCloud.start(state_directory=tmp_path_factory.mktemp("cloud"), options=others) as running:
        yield running


@pytest.fixture(scope="session")
def stage_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the deployed stack's files are."""
    return tmp_path_factory.mktemp("stage")


@pytest.fixture(scope="session")
def deployed(cloud: LocalCloud, stage_folder: Path) -> Iterator[StackHarness]:
    """One stack for the whole session, up, with three rows in its table: a test puts back what it takes away.

    The role's name has both cases, as IAM keeps them.
    """
    from pulumi_offline.demo.scenario import ROWS
    from pulumi_offline.stack_harness import StackHarness

    with StackHarness(cloud, stage_folder, {"roleName": "Keyless-Reader"}) as stage:
        stage.up()
        stage.put_rows(ROWS)
        yield stage
        stage.destroy()
