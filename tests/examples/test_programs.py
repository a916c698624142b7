"""One program in three languages: each example says what makes it, and its arguments are those of the schema."""

from __future__ import annotations

import json
import re
import runpy
import subprocess
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from pulumi.runtime.mocks import MockCallArgs, MockResourceArgs, Mocks

from keyless_bigquery.components.program import ROOT
from tests import npm

EXAMPLES = ROOT / "examples"
MADE_BY = {
    "container": "tests/examples/test_container.py",
    "python": "tests/examples/test_programs.py",
    "typescript": "tests/e2e/test_typescript_program.py",
    "yaml": "tests/e2e/test_yaml_program.py",
}
SCHEMA = ROOT / "component" / "schema.json"
README = ROOT / "component" / "README.md"
PROJECT = "keyless-orders"
CONFIG = {
    "googleProject": "my-project",
    "roleArn": "arn:aws:iam::210987654321:role/service-role/orders",
    "functionArn": "arn:aws:lambda:eu-west-1:210987654321:function:orders",
}
_CHECK_SECONDS = 300


def test_each_example_is_listed_with_the_test_that_makes_it() -> None:
    assert {folder.name for folder in EXAMPLES.iterdir() if folder.name != "__pycache__"} == set(MADE_BY)
    for name, test in MADE_BY.items():
        assert f'"{name}"' in (ROOT / test).read_text(), test


class Clouds(Mocks):
    """Notes what is made, and finds every table."""

    def __init__(self) -> None:
        self.made: dict[str, dict[str, Any]] = {}

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, Any]]:
        self.made[args.name] = dict(args.inputs)
        pool = "projects/1/locations/global/workloadIdentityPools/pool"
        computed = {"name": f"{pool}/providers/aws-role" if "aws" in args.inputs else pool, "hex": "a1b2"}
        email = "reader@my-project.iam.gserviceaccount.com"
        account = {"email": email, "member": f"serviceAccount:{email}"}
        return f"{args.name}-id", computed | account | dict(args.inputs)

    def call(self, args: MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        return dict(args.args), []


def test_the_python_program_is_the_readmes_and_makes_what_it_says() -> None:
    program = EXAMPLES / "python" / "__main__.py"
    assert re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL) == [program.read_text()]
    clouds = Clouds()
    pulumi.runtime.set_mocks(clouds, project=PROJECT, stack="dev", preview=False)
    pulumi.runtime.set_all_config({f"{PROJECT}:{key}": value for key, value in CONFIG.items()})

    @pulumi.runtime.test  # type: ignore[untyped-decorator]  # the SDK's decorator has no types
    def run() -> None:
        runpy.run_path(str(program), run_name="__main__")

    run()
    layer = clouds.made["orders-credentials-layer"]
    assert (layer["layerName"], layer["region"]) == ("orders-credentials", "eu-west-1")
    (condition,) = [found["attributeCondition"] for found in clouds.made.values() if "attributeCondition" in found]
    assert "assumed-role/orders/" in condition
    assert {found["tableId"] for found in clouds.made.values() if "tableId" in found} == {"orders", "items"}


def arguments_of_python(text: str) -> set[str]:
    names = re.findall(r'^        "([a-z_]+)":', text, re.MULTILINE)
    return {re.sub(r"_(.)", lambda found: found[1].upper(), name) for name in names}


def test_the_three_programs_give_the_same_arguments_and_the_schema_has_them() -> None:
    resources = json.loads(SCHEMA.read_text())["resources"]
    program = yaml.safe_load((EXAMPLES / "yaml" / "Pulumi.yaml").read_text())
    given: set[str] = set()
    for resource in program["resources"].values():
        name = resource["type"].replace(":", ":index:")
        assert set(resource["properties"]) <= set(resources[name]["inputProperties"])
        assert set(resources[name]["requiredInputs"]) <= set(resource["properties"])
        given |= set(resource["properties"])
    assert arguments_of_python((EXAMPLES / "python" / "__main__.py").read_text()) == given
    typescript = (EXAMPLES / "typescript" / "index.ts").read_text()
    assert set(re.findall(r"^  ([a-zA-Z]+):", typescript, re.MULTILINE)) == given
    assert set(program["config"]) == set(re.findall(r'require\("(\w+)"\)', typescript)) == set(CONFIG)


@pytest.mark.timeout(_CHECK_SECONDS)
def test_the_typescript_program_fits_the_sdk_that_is_generated_of_the_schema_and_a_misspelt_one_does_not(
    tmp_path: Path,
) -> None:
    example = EXAMPLES / "typescript"
    (tmp_path / "node_modules").symlink_to(npm.packages(example) / "node_modules")
    npm.write_sdk(tmp_path / "sdk")
    program = (example / "index.ts").read_text().replace("@pulumi/keyless-bigquery", "./sdk")
    (tmp_path / "index.ts").write_text(program)
    (tmp_path / "misspelt.ts").write_text(program.replace("roleArn:", "roleArm:"))
    settings = json.loads((example / "tsconfig.json").read_text())
    (tmp_path / "tsconfig.json").write_text(json.dumps({**settings, "files": ["index.ts", "misspelt.ts"]}))
    command = ["node_modules/.bin/tsc", "--noEmit", "--project", "."]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=_CHECK_SECONDS, check=False)
    errors = [line for line in done.stdout.splitlines() if "error" in line]
    assert len(errors) == 1, done.stdout
    assert errors[0].startswith("misspelt.ts(")
    assert "'roleArm' does not exist in type 'FederatedRoleArgs'" in errors[0]
