"""Imports go one way: program and function know nothing of the local cloud, and need only what they are given."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from keyless_bigquery.components.program import ROOT

ALLOWED = {
    "__main__.py": {"pulumi", "infra"},
    "infra": {
        *("pulumi", "pulumi_aws", "pulumi_gcp", "pulumi_random", "infra", "keyless_bigquery", "federation_rules"),
        *("deflate", "not_shipped"),  # what compresses the function's package; what stand-ins in it share
    },
    "keyless_bigquery/packaging": {"deflate", "infra", "keyless_bigquery", "not_shipped"},
    "keyless_bigquery/packaging/stand_ins": {"not_shipped"},
    "keyless_bigquery/trust/trust.py": {"infra"},
    "keyless_bigquery/settings/settings.py": {"infra", "keyless_bigquery"},
    "keyless_bigquery/settings/reader_settings.py": {"infra", "keyless_bigquery"},
    "keyless_bigquery/settings/consistency.py": {"infra", "keyless_bigquery"},
    "keyless_bigquery/settings/problems.py": {"infra", "keyless_bigquery"},
    "keyless_bigquery/settings/columns.py": {"infra", "keyless_bigquery"},
    "keyless_bigquery/settings/schema_changes.py": set(),
    "keyless_bigquery/settings/secret_values.py": set(),
    "keyless_bigquery/settings/schema_refusal.py": {"infra", "keyless_bigquery"},
    "keyless_bigquery/settings/apis.py": {"infra"},
    "keyless_bigquery/components/propagation.py": {"infra"},
    "keyless_bigquery/settings/function_environment.py": {"infra", "keyless_bigquery"},
    "keyless_bigquery/settings/own_variables.py": {"infra", "keyless_bigquery"},
    "keyless_bigquery/command_line.py": {"keyless_bigquery"},
    "keyless_bigquery/rules.py": set(),
    "infra/collector.py": set(),
    "keyless_bigquery": {"google", "requests", "urllib3", "infra", "keyless_bigquery"},
    "keyless_bigquery/runtime": {"google", "requests", "urllib3", "keyless_bigquery"},
    "keyless_bigquery/settings": {"infra", "keyless_bigquery"},
    "keyless_bigquery/runtime/environment.py": {"keyless_bigquery"},
    "keyless_bigquery/runtime/printable.py": set(),
    "examples": {"boto3", "botocore", "google", "keyless_bigquery", "examples"},
    "examples/container/main.py": {"google", "keyless_bigquery", "examples"},
    "federation_rules": {"cel", "federation_rules"},
    "guardrails": {"guardrails", "pulumi_policy", "engine", "infra", "keyless_bigquery"},
    "packages/keyless-tools/src/keyless_tools/guardrails/rules": {"guardrails", "infra"},
    "packages/keyless-tools/src/keyless_tools/guardrails/check.py": {"guardrails"},
    "packages/keyless-tools/src/keyless_tools/guardrails/preview.py": {"guardrails"},
    "packages/keyless-tools/src/keyless_tools/guardrails/plan.py": set(),
    "packages/keyless-tools/src/keyless_tools/guardrails/files.py": {"guardrails", "keyless_bigquery"},
    "doctor": {
        "boto3",
        "botocore",
        "google",
        "requests",
        "rich",
        "doctor",
        "engine",
        "infra",
        "keyless_bigquery",
        "federation_rules",
    },
    "packages/keyless-tools/src/keyless_tools/doctor/links": {"doctor", "infra", "federation_rules"},
    "bootstrap": {"pulumi", "pulumi_aws", "pulumi_gcp", "bootstrap", "infra", "keyless_bigquery"},
    "delivery": {"httpx", "yaml", "delivery", "doctor", "engine", "guardrails", "infra", "keyless_bigquery"},
    "benchmarks": {
        "boto3",
        "botocore",
        "google",
        "httpx",
        "pydantic",
        "pulumi",
        "rich",
        "urllib3",
        "uvicorn",
        "yaml",
        "benchmarks",
        "engine",
        "infra",
        "keyless_bigquery",
        "local_cloud",
    },
    "benchmarks/candidates": {"google", "urllib3"},
    "benchmarks/bootstrap.py": set(),
    "benchmarks/figures.py": set(),
    "packages/federation-emulator/src/federation_emulator/servers/bigquery_emulator": {
        *("bqemulator", "duckdb", "pyarrow", "sqlglot", "structlog", "fastapi", "starlette", "uvicorn", "local_cloud"),
    },
    "packages/federation-emulator/src/federation_emulator/services/bigquery/sql": {
        "sqlglot",
        "pydantic",
        "local_cloud",
    },
    "packages/federation-emulator/src/federation_emulator/ports": {"uvicorn", "h11", "local_cloud"},
    "tools/set_up.py": set(),
}
"""For each room, what its modules may import besides the standard library."""


def imported(path: Path) -> set[str]:
    """Top-level names of the packages that a module imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found - set(sys.stdlib_module_names)


def modules(room: str) -> list[Path]:
    place = ROOT / room
    return [place] if place.is_file() else sorted(place.rglob("*.py"))


@pytest.mark.parametrize("room", ALLOWED)
def test_a_room_imports_only_what_it_may(room: str) -> None:
    found = {path.relative_to(ROOT).as_posix(): imported(path) - ALLOWED[room] for path in modules(room)}
    assert found, f"{room} is empty"
    assert not {path: names for path, names in found.items() if names}


def test_the_guardrails_need_no_sdk_of_a_provider() -> None:
    """The policy pack runs in an environment of its own: of the program it may load two modules without imports."""
    lines = [line.strip() for path in modules("guardrails") for line in path.read_text().splitlines()]
    found = {line.split()[1] for line in lines if line.startswith(("from infra", "import infra"))}
    assert found == {"keyless_bigquery.settings.schema_changes", "keyless_bigquery.settings.secret_values"}


def test_the_walk_sees_an_import_that_is_not_allowed(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(
        "def f():\n    import pulumi_offline.stack_harness\n    from pulumi_offline.engine import get\n    import json\n"
    )
    assert imported(module) == {"local_cloud", "engine"}


def test_what_the_local_aws_loads_of_ours_imports_nothing_else_of_ours() -> None:
    """Its Python has neither our libraries nor our other modules' ones."""
    for path in (ROOT / "packages/federation-emulator/src/federation_emulator/ports").rglob("*.py"):
        lines = [line.strip() for line in path.read_text().splitlines()]
        assert [line for line in lines if line.startswith("from local_cloud") and ".ports." not in line] == []


def test_what_decides_can_be_read_without_http_around_it() -> None:
    for path in (ROOT / "packages/federation-emulator/src/federation_emulator/services").rglob("*.py"):
        if path.name in ("rules.py", "model.py"):
            assert "starlette" not in imported(path), path
