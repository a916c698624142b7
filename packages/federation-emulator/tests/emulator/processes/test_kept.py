"""A local cloud with --keep begins with what it held: after a kill at once, and after an orderly end."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from federation_emulator.client.cloud import LocalCloud
from federation_emulator.client.remote import Remote
from federation_emulator.client.use import Choice
from federation_emulator.core.errors import StateError
from federation_emulator.core.kept import Kept
from federation_emulator.core.roles import make_roles, take_on
from federation_emulator.servers.process import ProcessError
from keyless_bigquery.components.program import ROOT
from tests.emulator.processes.conftest import alive, eventually, exchange

EXAMPLE = ROOT / "packages/federation-emulator/src/federation_emulator/example.yaml"
PROVIDER_PATH = "/v1/projects/local-keyless/locations/global/workloadIdentityPools/workloads/providers/aws-account"
ROWS = {"query": "SELECT item FROM `local-keyless.shop.orders` ORDER BY id", "useLegacySql": False}


def held(cloud: LocalCloud) -> dict[str, object]:
    return {name: value for name, value in cloud.resources().items() if name != "liveTokens"}


def test_kept_state_survives_a_kill_and_an_orderly_end(tmp_path: Path) -> None:
    folder = tmp_path / "cloud"
    options = ["--keep", "--seed", str(EXAMPLE)]
    with LocalCloud.start(state_directory=folder, options=options) as cloud:
        google = Remote(cloud.endpoints)
        google.call("PATCH", f"{PROVIDER_PATH}?updateMask=description", body={"description": "changed by hand"})
        before = held(cloud)
        os.kill(cloud.pid, signal.SIGKILL)
        assert eventually(lambda: not alive(cloud.pid))
    with LocalCloud.start(state_directory=folder, options=options) as again:
        assert (again.google_url, again.aws_url, again.deployer_token) == (
            cloud.google_url,
            cloud.aws_url,
            cloud.deployer_token,
        )
        assert held(again) == before
        found = Remote(again.endpoints).post("/bigquery/v2/projects/local-keyless/queries", ROWS)
        assert [row["f"][0]["v"] for row in found["rows"]] == ["pear", "quince"]
        assert exchange(again, Choice(role="reader")).json()["access_token"].startswith("local.")
        make_roles(again.endpoints, ["made-by-hand"])
    with LocalCloud.start(state_directory=folder, options=["--keep", "--without", "bigquery"]) as third:
        # An orderly end keeps the local AWS too. A kill must not bring back what was kept then, so it is gone by now.
        assert take_on(third.endpoints, "made-by-hand").session_token
        assert not list((folder / "aws" / "kept").glob("*.json"))
        assert held(third)["pools"]


def test_kept_state_of_another_project_is_refused(tmp_path: Path) -> None:
    names = {"project_id": "another-one", "project_number": "1", "aws_account_id": "210987654321"}
    Kept(**names, google_port=0, aws_port=0, deployer_token="the-token-of-another-run").write(tmp_path)
    with pytest.raises(ProcessError, match=r"is of another-one, 1, 210987654321, and this run of local-keyless"):
        LocalCloud.start(state_directory=tmp_path, options=["--keep"])


def test_a_kept_token_is_readable_by_its_owner_only_and_shown_nowhere(tmp_path: Path) -> None:
    kept = Kept(
        project_id="p", project_number="1", aws_account_id="2", google_port=3, aws_port=4,
        deployer_token="the-token-of-the-last-run",
    )  # fmt: skip
    kept.write(tmp_path)
    assert (tmp_path / "kept.json").stat().st_mode & 0o777 == 0o600
    assert kept.deployer_token not in repr(kept)
    assert Kept.read(tmp_path) == kept
    assert Kept.read(tmp_path / "elsewhere") is None
    (tmp_path / "kept.json").write_text("{")
    with pytest.raises(StateError, match=r"kept\.json can't be read"):
        Kept.read(tmp_path)
