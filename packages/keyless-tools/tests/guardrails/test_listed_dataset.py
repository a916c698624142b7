"""A grant on a whole dataset is for a function that lists the dataset, and for no other."""

from __future__ import annotations

from typing import Any

import pytest

from keyless_tools.guardrails.model import UNKNOWN
from keyless_tools.guardrails.rules.grants import LISTED_DATASET
from tests.guardrails.judging import resource

FUNCTION = "aws:lambda/function:Function"
ACCESS = "gcp:bigquery/datasetAccess:DatasetAccess"


def judged(environment: object, **inputs: Any) -> list[bool]:
    """Whether each finding is certain."""
    grant = resource(ACCESS, project="theirs", datasetId="sales", role="roles/bigquery.dataViewer", **inputs)
    function = resource(FUNCTION, "function", environment=environment)
    return [finding.certain for _, finding in LISTED_DATASET.judge([grant, function])]


def variables(tables: object) -> dict[str, object]:
    return {"variables": {"BIGQUERY_TABLES": tables}}


def test_a_dataset_that_a_function_lists_may_be_granted() -> None:
    assert judged(variables("ours.d.users,theirs.sales")) == []


@pytest.mark.parametrize(
    "environment",
    [
        None,
        {"variables": {}},
        variables("ours.d.users,theirs.sales.orders"),
        variables("ours.d.users,theirs.sales2"),
        variables("ours.d.users,theirs.Sales"),
        variables("ours.d.users,other.sales"),
    ],
)
def test_a_dataset_that_no_function_lists_as_a_whole_is_refused(environment: object) -> None:
    assert judged(environment) == [True]


@pytest.mark.parametrize("environment", [UNKNOWN, {"variables": UNKNOWN}, variables(UNKNOWN)])
def test_what_is_not_known_yet_is_open(environment: object) -> None:
    assert judged(environment) == [False]


def test_without_a_grant_on_a_dataset_there_is_nothing_to_judge() -> None:
    assert list(LISTED_DATASET.judge([resource(FUNCTION, environment=UNKNOWN)])) == []
