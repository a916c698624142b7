"""DuckDB, closed: what leads out of it is refused by DuckDB itself, whatever a judge before it would say."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from federation_emulator.servers import environments
from federation_emulator.servers.bigquery import BigQueryEmulator, EmulatorSettings
from federation_emulator.servers.bigquery_emulator.main import SQLGLOT
from federation_emulator.servers.process import family
from pulumi_offline.engine.pins import ROOT
from tests.emulator.google_server import PROJECT

_SOURCES = Path(environments.__file__).parents[2]
SCRIPT = """
import asyncio, json, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from bqemulator.config import Settings
from federation_emulator.servers.bigquery_emulator.engine import ClosedEngine

async def main():
    engine = ClosedEngine(Settings(), extensions=Path(sys.argv[2]))
    await engine.start()
    found = {}
    for sql in json.load(sys.stdin):
        try:
            engine.connection.cursor().execute(sql).fetchall()
            found[sql] = "done"
        except Exception as problem:
            found[sql] = type(problem).__name__
    await engine.stop()
    print(json.dumps(found))

asyncio.run(main())
"""

REFUSED = {
    "SELECT * FROM read_text('{file}')": "PermissionException",
    "SELECT * FROM read_csv('{file}')": "PermissionException",
    "SELECT * FROM read_blob('{file}')": "PermissionException",
    "SELECT * FROM glob('/*')": "PermissionException",
    "SELECT * FROM '{file}'": "CatalogException",
    "SELECT * FROM 'http://127.0.0.1:9/x.csv'": "PermissionException",
    "SELECT * FROM read_csv('http://127.0.0.1:9/x.csv')": "PermissionException",
    "SELECT * FROM ST_Read('{file}')": "IOException",
    "COPY (SELECT 1) TO '{file}.copy'": "PermissionException",
    "EXPORT DATABASE '{file}.export'": "PermissionException",
    "ATTACH '{file}.db'": "PermissionException",
    "INSTALL httpfs": "PermissionException",
    "LOAD httpfs": "PermissionException",
    "SET memory_limit = '100GB'": "InvalidInputException",
    "SET enable_external_access = true": "InvalidInputException",
    "SET lock_configuration = false": "InvalidInputException",
    "RESET memory_limit": "InvalidInputException",
    "PRAGMA memory_limit = '100GB'": "InvalidInputException",
    "SELECT getenv('HOME')": "CatalogException",
}


def test_what_leads_out_of_the_database_is_refused_by_the_database(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    # ST_Read would read it as a table of points.
    secret.write_text(json.dumps({"type": "Point", "coordinates": [1, 2]}))
    statements = {sql.replace("{file}", str(secret)): kind for sql, kind in REFUSED.items()}
    environment = environments.LOCAL_WAREHOUSE
    found = subprocess.run(
        [environment.python, "-I", "-c", SCRIPT, str(_SOURCES), str(environment.home / ".duckdb" / "extensions")],
        input=json.dumps([*statements, "SELECT 1"]),
        capture_output=True,
        check=True,
        cwd=tmp_path,
        env={},
        text=True,
        timeout=60,
    )
    assert json.loads(found.stdout.splitlines()[-1]) == {**statements, "SELECT 1": "done"}
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def test_the_processes_have_nothing_of_ours_in_their_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLANTED_SECRET", "planted")
    emulator = BigQueryEmulator.start(EmulatorSettings(project_id=PROJECT, folder=tmp_path))
    try:
        emulator.wait(limit_seconds=30)
        for pid in family(emulator.child.pid):
            # Python sets this one itself, where there is no locale.
            assert Path(f"/proc/{pid}/environ").read_bytes() in {b"", b"LC_CTYPE=C.UTF-8\0"}
        socket = Path(emulator.url.removeprefix("unix:"))
        assert socket.stat().st_mode & 0o777 == 0o600
        assert socket.parent.stat().st_mode & 0o777 == 0o700
    finally:
        emulator.child.stop()


def test_one_version_reads_sql_wherever_it_is_read() -> None:
    (ours,) = [one for one in tomllib.loads((ROOT / "uv.lock").read_text())["package"] if one["name"] == "sqlglot"]
    theirs = re.findall(r"^sqlglot==(\S+)", environments.LOCAL_WAREHOUSE.lock.read_text(), re.MULTILINE)
    assert [ours["version"], *theirs] == [SQLGLOT, SQLGLOT]
