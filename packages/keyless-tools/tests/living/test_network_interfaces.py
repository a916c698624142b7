"""What a destroy leaves in a VPC is printed, with commands that find exactly that and delete it, typed as they are."""

from __future__ import annotations

import shlex
import subprocess
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from keyless_tools.lifecycle.destroy import destroy_summary
from keyless_tools.lifecycle.network_interfaces import Networked, delete, networked, show, take_out, what_to_do

NAME = "keyless-bigquery-dev"
UUID = "1f414cf6-49c8-46ef-942c-5e41d9c44741"
FUNCTION = Networked(name=NAME, region="eu-west-1", subnets=("subnet-0123456789abcdef0",), published=False)

FAKE_AWS = """#!/bin/sh
printf '%s\\n' "$*" >> "$CALLS"
case "$2" in describe-network-interfaces) printf '%s' "$FOUND";; esac
"""
"""Writes down what it is called with, and answers a listing."""


def resource(**inputs: Any) -> dict[str, Any]:
    given = {"name": NAME, "region": "eu-west-1", **inputs}
    return {
        "urn": "urn:pulumi:dev::p::aws:lambda/function:Function::function",
        "type": "aws:lambda/function:Function",
        "custom": True,
        "id": NAME,
        "inputs": given,
    }


IN_NETWORK = {"vpcConfig": {"subnetIds": ["subnet-0123456789abcdef0"], "securityGroupIds": ["sg-0123456789abcdef0"]}}


def typed(command: str, folder: Path, found: str) -> list[str]:
    """The calls of a command that is pasted into a shell."""
    (folder / "aws").write_text(FAKE_AWS)
    (folder / "aws").chmod(0o755)
    calls = folder / "calls"
    calls.write_text("")
    environment = {"PATH": f"{folder}:/usr/bin:/bin", "CALLS": str(calls), "FOUND": found}
    subprocess.run(["sh", "-c", command], env=environment, cwd=folder, timeout=20, check=True)
    return calls.read_text().splitlines()


def test_a_function_in_a_network_stays_in_it_for_a_while_and_the_destroy_summary_says_so() -> None:
    text = destroy_summary("dev", [resource(**IN_NETWORK)])
    assert "stay behind in subnet-0123456789abcdef0" in text
    assert "20 to 45 minutes" in text
    assert f"  {take_out(FUNCTION)}\n  {show(FUNCTION)}" in text


def test_a_function_outside_a_network_leaves_nothing() -> None:
    without: list[dict[str, Any]] = [{}, {"vpcConfig": None}, {"vpcConfig": {"subnetIds": []}}]
    for inputs in without:
        assert networked([resource(**inputs)]) == []
        assert "stay behind" not in destroy_summary("dev", [resource(**inputs)])
    assert list(what_to_do([])) == []


def test_published_versions_hold_the_interfaces_so_taking_the_function_out_is_not_advised() -> None:
    text = destroy_summary("dev", [resource(**IN_NETWORK, publish=True)])
    assert "stay behind" in text
    assert "update-function-configuration" not in text


def test_a_state_without_a_region_leaves_it_to_the_shell() -> None:
    (function,) = networked([resource(**IN_NETWORK, region=None)])
    for command in (show(function), delete(function), take_out(function)):
        assert "--region" not in command
    assert "--region eu-west-1" in show(FUNCTION)


@pytest.mark.parametrize(
    ("description", "found"),
    [
        (f"AWS Lambda VPC ENI-{NAME}-{UUID}", True),
        (f"AWS Lambda VPC ENI-{NAME}-sales-{UUID}", False),
        (f"AWS Lambda VPC ENI-x-{NAME}-{UUID}", False),
        (f"AWS Lambda VPC ENI-{NAME}", False),
        ("Interface for NAT Gateway nat-0123456789abcdef0", False),
    ],
)
def test_only_the_functions_own_interfaces_are_found(description: str, found: bool) -> None:
    for command in (show(FUNCTION), delete(FUNCTION)):
        (pattern,) = [word for word in shlex.split(command) if word.startswith("Name=description,")]
        assert fnmatchcase(description, pattern.removeprefix("Name=description,Values=")) is found


def test_what_is_printed_deletes_what_is_no_longer_in_use_and_nothing_where_there_is_none(tmp_path: Path) -> None:
    listing, *deleted = typed(delete(FUNCTION), tmp_path, "eni-1\neni-2\n")
    assert "describe-network-interfaces" in listing
    assert "Name=status,Values=available" in listing
    assert [call.split()[-1] for call in deleted] == ["eni-1", "eni-2"]
    assert all(call.startswith("ec2 delete-network-interface --region eu-west-1") for call in deleted)
    assert len(typed(delete(FUNCTION), tmp_path, "")) == 1


def test_the_function_is_taken_out_by_an_empty_network(tmp_path: Path) -> None:
    (call,) = typed(take_out(FUNCTION), tmp_path, "")
    assert call.endswith(f"--function-name {NAME} --vpc-config SubnetIds=[],SecurityGroupIds=[]")
