"""Each API is on in the project of its caller and in that of its resource, and in no project that has neither."""

from __future__ import annotations

import pytest

from keyless_bigquery.settings import apis
from tests.settings.test_options import read

ONE = {"googleProject": "my-project"}
THREE = {"googleProject": "my-project", "poolProject": "pool-project", "dataProject": "data-project"}
DIRECT = {"access": "direct"}
THEIR_POOL = {
    "pool": "existing",
    "providerName": "projects/99/locations/global/workloadIdentityPools/shared/providers/aws-lambda",
}
THEIR_TABLE = {"table": "existing", "datasetId": "theirs", "tableId": "theirs"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (ONE, {"my-project": {"iam", "cloudresourcemanager", "iamcredentials", "sts", "bigquery"}}),
        (ONE | DIRECT, {"my-project": {"iam", "cloudresourcemanager", "sts", "bigquery"}}),
        (
            THREE,
            {
                "my-project": {"iam", "cloudresourcemanager", "iamcredentials", "bigquery"},
                "pool-project": {"iam", "sts", "iamcredentials"},
                "data-project": {"bigquery"},
            },
        ),
        (
            THREE | DIRECT,
            {
                "my-project": {"iam", "cloudresourcemanager", "bigquery"},
                "pool-project": {"iam", "sts", "bigquery"},
                "data-project": {"bigquery"},
            },
        ),
        (ONE | THEIR_POOL, {"my-project": {"iam", "cloudresourcemanager", "iamcredentials", "bigquery"}}),
        (
            {"googleProject": "my-project", "dataProject": "data-project"} | THEIR_TABLE,
            {"my-project": {"iam", "cloudresourcemanager", "iamcredentials", "sts", "bigquery"}},
        ),
    ],
)
def test_a_stack_enables_what_is_called_and_no_api_of_another_team(
    given: dict[str, str], expected: dict[str, set[str]]
) -> None:
    assert {project: set(names) for project, names in apis.needed(read(**given)).items()} == expected


def test_a_project_is_named_once_and_each_api_once() -> None:
    for found in (apis.needed(read(**ONE)), apis.needed_by_workflows("ci", state=["storage", "storage"])):
        ((_, names),) = found.items()
        assert len(names) == len(set(names))


def test_what_must_be_on_beforehand_is_part_of_a_deployment_and_on_for_workflows() -> None:
    assert set(apis.BEFOREHAND) == {"serviceusage", "cloudresourcemanager"}
    assert set(apis.BEFOREHAND) <= set(apis.DEPLOYMENT)
    assert set(apis.DEPLOYMENT) <= set(apis.needed_by_workflows("ci", state=())["ci"])
    # It can't enable itself.
    assert "serviceusage" not in {name for names in apis.needed(read(**THREE)).values() for name in names}
