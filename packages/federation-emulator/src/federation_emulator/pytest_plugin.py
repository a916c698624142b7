"""A local Google for other people's tests: where this package is installed, ask for the fixture ``federation``.

There is one local Google for the session and seed. The seed is the file that pytest's setting ``federation_seed``
names, what a fixture of that name returns, or what a test's marker ``federation(seed=…)`` says. Decisions are those of
the running test only, and faults are cleared after each test; pools, policies and the clock stay as a test left them.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

# What makes and asks a local cloud is imported by the fixtures: not every run of pytest needs it.
if TYPE_CHECKING:
    from federation_emulator.client.cloud import LocalCloud
    from federation_emulator.client.remote import Remote
    from federation_emulator.core.trace import Decision

_SETTING, _FORMER_SETTING = "federation_seed", "local_google_seed"


class Federation:
    """A running local Google, as a test sees it.

    Attributes:
        url: Base URL of every Google API.
        aws_url: Base URL of the local AWS.
        project_id: The Google project.
        project_number: Its number.
        deployer_token: Bearer token of the one who may do everything.
        clock: Its clock.
    """

    def __init__(self, cloud: LocalCloud) -> None:
        from federation_emulator.client.remote import Remote

        self._cloud = cloud
        self._remote = Remote(cloud.endpoints)
        self._last = next((decision.id for decision in reversed(self._remote.decisions())), None)
        self.url = cloud.google_url
        self.aws_url = cloud.aws_url
        self.project_id = cloud.project_id
        self.project_number = cloud.project_number
        self.deployer_token = cloud.deployer_token
        self.clock = LocalClock(self._remote)

    def environment(
        self, role: str, *, provider: str | None = None, service_account: str | None = None
    ) -> dict[str, str]:
        """The variables of a program that comes as a role; its credential configuration is written to a file.

        Args:
            role: A role of the local AWS account, such as one of the seed's.
            provider: ``POOL/PROVIDER``; needed where there are several.
            service_account: Id or e-mail of the account to impersonate; ``None`` for direct access.

        Raises:
            ProcessError: There is no such provider or service account.
            RoleError: There is no such role.
        """
        from federation_emulator.client import use

        choice = use.Choice(role=role, provider=provider, service_account=service_account)
        return use.environment(self._cloud.folder, self._cloud.endpoints, choice)

    @contextmanager
    def as_role(
        self, role: str, *, provider: str | None = None, service_account: str | None = None
    ) -> Iterator[dict[str, str]]:
        """Let this process come as a role while the block runs; arguments and errors as :meth:`environment`."""
        variables = self.environment(role, provider=provider, service_account=service_account)
        with pytest.MonkeyPatch.context() as patch:
            # A profile of the user's own would win over the keys with some clients.
            patch.delenv("AWS_PROFILE", raising=False)
            for name, value in variables.items():
                patch.setenv(name, value)
            yield variables

    @contextmanager
    def as_job(
        self, repository: str, *, provider: str | None = None, service_account: str | None = None, **claims: object
    ) -> Iterator[dict[str, str]]:
        """Let this process come as a job of GitHub Actions while the block runs, with a token of the test issuer.

        Args:
            repository: ``OWNER/NAME``.
            provider: ``POOL/PROVIDER``, one whose keys are the test issuer's; needed where there are several.
            service_account: Id or e-mail of the account to impersonate; ``None`` for direct access.
            claims: ``branch``, ``environment``, ``immutable``, or any claim; ``None`` leaves one out.

        Raises:
            ProcessError: There is no such provider for OIDC, or no such service account.
        """
        from federation_emulator.client import oidc

        job = oidc.Job(repository=repository, provider=provider, service_account=service_account, claims=claims)
        with pytest.MonkeyPatch.context() as patch:
            variables = oidc.job_environment(self._cloud.folder, self._cloud.endpoints, job)
            for name, value in variables.items():
                patch.setenv(name, value)
            yield variables

    def decisions(self) -> list[Decision]:
        """What was decided since the test began, oldest first."""
        return self._remote.decisions(self._last)

    @property
    def last(self) -> Decision:
        """The newest decision since the test began.

        Raises:
            LookupError: Nothing was decided.
        """
        decisions = self.decisions()
        if not decisions:
            raise LookupError("nothing was decided since the test began; did the program use the role's variables?")
        return decisions[-1]

    def last_refusal(self) -> Decision:
        """The newest refusal since the test began.

        Raises:
            LookupError: Nothing was refused.
        """
        refused = [decision for decision in self.decisions() if not decision.allowed]
        if not refused:
            raise LookupError("nothing was refused since the test began")
        return refused[-1]

    def faults(self, **settings: float) -> None:
        """Inject faults until the test ends.

        Args:
            settings: As in the table of this package's README, such as ``iam_delay_seconds=7``; none clears them.

        Raises:
            ProcessError: There is no such fault.
        """
        from federation_emulator.console.messages import camel

        self._remote.post("/_local/faults", {camel(name): value for name, value in settings.items()})

    def call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """Call a Google API as the deployer.

        Raises:
            ProcessError: It was refused; the text is Google's.
        """
        return self._remote.call(method, path, body=body)


class LocalClock:
    """The local Google's clock, which only moves forward."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote

    def advance(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        """Put it ahead: tokens expire, deleted pools are gone for good. AWS's signatures stay fresh."""
        self._remote.advance(timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the setting that names the seed."""
    parser.addini(_SETTING, "seed of the local Google: a YAML file, from the root folder", default="")
    parser.addini(_FORMER_SETTING, f"former name of {_SETTING}", default="")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker that gives a test another seed."""
    config.addinivalue_line("markers", "federation(seed): the seed of the fixture `federation`: a file or a dictionary")


@pytest.fixture(scope="session")
def federation_seed(pytestconfig: pytest.Config) -> Path | Mapping[str, Any]:
    """The seed: a YAML file or a dictionary of the same form. Define it anew to choose another one."""
    named = str(pytestconfig.getini(_SETTING) or pytestconfig.getini(_FORMER_SETTING))
    return pytestconfig.rootpath / named if named else Path(__file__).with_name("function.yaml")


@pytest.fixture(scope="session")
def federation_server(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[Path | Mapping[str, Any]], LocalCloud]]:
    """Gives the server of a seed, each once for the session, in a folder of pytest's."""
    from federation_emulator.client.cloud import LocalCloud
    from federation_emulator.servers import launch

    running: dict[str, LocalCloud] = {}

    def serve(seed: Path | Mapping[str, Any]) -> LocalCloud:
        key = repr(seed)
        if key not in running:
            folder = tmp_path_factory.mktemp("federation")
            options = ["--seed", str(_written(seed, folder, pytestconfig))]
            running[key] = held.enter_context(LocalCloud.start(state_directory=folder / "cloud", options=options))
        return running[key]

    # The first use on a machine takes a minute, which is shown.
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled() if capture else contextlib.nullcontext():
        launch.prepare(launch.environments())
    with contextlib.ExitStack() as held:
        yield serve


def _written(seed: Path | Mapping[str, Any], folder: Path, config: pytest.Config) -> Path:
    """The file of a seed; JSON is YAML, too."""
    if not isinstance(seed, Mapping):
        if not isinstance(seed, str | os.PathLike):
            raise pytest.UsageError(f"the seed is a file or a dictionary, got {seed!r:.60}")
        return config.rootpath / os.fspath(seed)
    path = folder / "seed.yaml"
    path.write_text(json.dumps(seed, ensure_ascii=False, default=str))
    return path


@pytest.fixture
def federation(
    request: pytest.FixtureRequest, federation_server: Callable[[Path | Mapping[str, Any]], LocalCloud]
) -> Iterator[Federation]:
    """A local Google."""
    marker = request.node.get_closest_marker("federation")
    if marker and set(marker.kwargs) != {"seed"}:
        raise pytest.UsageError("the marker `federation` has one argument, seed=: a file or a dictionary")
    seed = marker.kwargs["seed"] if marker else request.getfixturevalue("federation_seed")
    found = Federation(federation_server(seed))
    yield found
    found.faults()


@pytest.fixture
def local_google(federation: Federation) -> Federation:
    """The former name of ``federation``."""
    return federation
