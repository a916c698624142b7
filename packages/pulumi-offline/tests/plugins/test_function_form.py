"""A function's settings between program and Lambda."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_offline.plugins.aws import function_form


@pytest.mark.parametrize(
    ("name", "old", "new", "same"),
    [
        ("snapStart", {}, {"applyOn": "None"}, True),
        ("snapStart", {"applyOn": "PublishedVersions", "optimizationStatus": "Off"}, {}, False),
        ("vpcConfig", {"subnetIds": ["b", "a"], "securityGroupIds": ["c"], "vpcId": "v"}, {}, False),
        (
            "vpcConfig",
            {"subnetIds": ["b", "a"], "securityGroupIds": ["c"], "vpcId": "v"},
            {"subnetIds": ["a", "b"], "securityGroupIds": ["c"]},
            True,
        ),
        (
            "loggingConfig",
            {"logFormat": "JSON", "systemLogLevel": "INFO"},
            {"logFormat": "JSON"},
            True,
        ),
        ("loggingConfig", {"logFormat": "Text"}, {"logFormat": "JSON"}, False),
        ("memorySize", 128, 256, False),
    ],
)
def test_settings_of_a_function_are_compared_by_what_they_mean_to_lambda(
    name: str, old: Any, new: Any, same: bool
) -> None:
    assert function_form.same(name, old, new) is same


def test_a_setting_of_a_function_that_the_program_drops_is_set_back() -> None:
    bare = {"name": "f", "role": "r"}
    assert not {"VpcConfig", "KMSKeyArn", "SnapStart", "LoggingConfig", "Layers"} & set(function_form.request(bare))
    back = function_form.request(bare, {"vpcConfig", "kmsKeyArn", "snapStart", "layers"})
    assert (back["VpcConfig"], back["KMSKeyArn"], back["SnapStart"], back["Layers"]) == (
        {"SubnetIds": [], "SecurityGroupIds": []}, "", {"ApplyOn": "None"}, [],
    )  # fmt: skip
