"""Looks at everything that the findings need, link after link. What can't be seen stops nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keyless_bigquery.trust.organisation import ACCOUNTS_CONSTRAINT, MEMBERS_CONSTRAINT, PROVIDERS_CONSTRAINT
from keyless_bigquery.trust.trust import CREDENTIAL_CONFIGURATION_FILE
from keyless_tools.doctor.answer import JSON, Absent, Answer, Found, Silent
from keyless_tools.doctor.aws_api import AwsApi
from keyless_tools.doctor.expected import Expected, TableName
from keyless_tools.doctor.google_api import GoogleApi
from keyless_tools.doctor.observed import Listed, Seen
from keyless_tools.doctor.package_file import read_from_package

_POLICY_VERSION = {"options": {"requestedPolicyVersion": 3}}

MOST_PROVIDERS = 100
"""The largest page of ``workloadIdentityPools.providers.list``. Source: IAM API v1."""


class Clouds:
    """Both clouds, as whoever runs the doctor sees them.

    Args:
        google: Google's APIs; a sentence in their place says why they can't be asked.
        aws: AWS's APIs.
    """

    def __init__(self, *, google: GoogleApi | str, aws: AwsApi) -> None:
        self._google = google
        self._aws = aws

    def look(self, expected: Expected) -> Seen:
        """Looks at one reader's chain."""
        account, table = expected.service_account, expected.table
        function = self._of_account(expected, self._aws.function(expected.function))
        project_policies: dict[str, Answer[JSON]] = {}
        for project in (expected.project, table.project, *(name.project for name in expected.listed)):
            if project not in project_policies:
                project_policies[project] = self._project_policy(project)
        names = dict.fromkeys(name.of_dataset for name in (table, *expected.listed))
        datasets = {name: self._get("bigquery", _path(name), "bigquery.datasets.get") for name in names}
        return Seen(
            function=function,
            credential_configuration=_file_in(function),
            function_policies={
                qualifier: self._aws.function_policy(expected.trust.function_name, qualifier)
                for qualifier in dict.fromkeys(("", expected.function.partition(":")[2]))
            },
            role_policies=self._of_account(expected, self._aws.role_policies(expected.trust.role_name)),
            role=self._of_account(expected, self._aws.role(expected.trust.role_name)),
            log_group=self._of_account(expected, self._aws.log_group(expected.log_group)),
            services={
                project: {name: self._service(project, name) for name in names}
                for project, names in expected.services.items()
            },
            pool=self._get("iam", f"/v1/{expected.pool_name}", "iam.workloadIdentityPools.get"),
            provider=self._get("iam", f"/v1/{expected.provider_name}", "iam.workloadIdentityPoolProviders.get"),
            providers=self._get(
                "iam",
                f"/v1/{expected.pool_name}/providers?pageSize={MOST_PROVIDERS}",
                "iam.workloadIdentityPoolProviders.list",
            ),
            organisation_policies={
                constraint: self._ask(
                    "cloudresourcemanager",
                    f"/v1/projects/{expected.pool_project}:getEffectiveOrgPolicy",
                    {"constraint": constraint},
                    "orgpolicy.policy.get",
                )
                for constraint in (PROVIDERS_CONSTRAINT, ACCOUNTS_CONSTRAINT)
            },
            members_policy=self._ask(
                "cloudresourcemanager",
                f"/v1/projects/{expected.project}:getEffectiveOrgPolicy",
                {"constraint": MEMBERS_CONSTRAINT},
                "orgpolicy.policy.get",
            ),
            service_account=None if account is None else self._account(expected, account),
            account_policy=None if account is None else self._account_policy(expected, account),
            project_policy=project_policies[expected.project],
            data_project_policy=project_policies[table.project],
            dataset=datasets[table.of_dataset],
            table=self._table(table),
            table_policy=self._table_policy(table),
            listed={
                str(name): Listed(
                    table=self._table(name) if name.table else None,
                    policy=self._table_policy(name) if name.table else None,
                    dataset=datasets[name.of_dataset],
                    project_policy=project_policies[name.project],
                )
                for name in expected.listed
            },
        )

    def _table(self, name: TableName) -> Answer[JSON]:
        return self._get("bigquery", _path(name), "bigquery.tables.get")

    def _table_policy(self, name: TableName) -> Answer[JSON]:
        path = f"{_path(name)}:getIamPolicy"
        return self._ask("bigquery", path, _POLICY_VERSION, "bigquery.tables.getIamPolicy")

    def _service(self, project: str, name: str) -> Answer[JSON]:
        return self._get("serviceusage", f"/v1/projects/{project}/services/{name}", "serviceusage.services.get")

    def _account(self, expected: Expected, email: str) -> Answer[JSON]:
        path = f"/v1/projects/{expected.project}/serviceAccounts/{email}"
        return self._get("iam", path, "iam.serviceAccounts.get")

    def _account_policy(self, expected: Expected, email: str) -> Answer[JSON]:
        path = f"/v1/projects/{expected.project}/serviceAccounts/{email}:getIamPolicy"
        return self._ask("iam", path, _POLICY_VERSION, "iam.serviceAccounts.getIamPolicy")

    def _project_policy(self, project: str) -> Answer[JSON]:
        path = f"/v1/projects/{project}:getIamPolicy"
        return self._ask("cloudresourcemanager", path, _POLICY_VERSION, "resourcemanager.projects.getIamPolicy")

    def _get(self, service: str, path: str, permission: str) -> Answer[JSON]:
        if isinstance(self._google, str):
            return Silent(why=self._google)
        return self._google.get(service, path, permission=permission)

    def _ask(self, service: str, path: str, body: Mapping[str, Any], permission: str) -> Answer[JSON]:
        if isinstance(self._google, str):
            return Silent(why=self._google)
        return self._google.ask(service, path, body, permission=permission)

    def _of_account(self, expected: Expected, answer: Answer[JSON]) -> Answer[JSON]:
        """An answer, unless it says that there is nothing, and another account than the stack's was asked."""
        if not isinstance(answer, Absent):
            return answer
        account = self._aws.account()
        if isinstance(account, Found) and account.value != expected.trust.aws_account_id:
            ours = expected.trust.aws_account_id
            return Silent(why=f"your AWS credentials are of the account {account.value}, the stack's is {ours}")
        return answer


def _path(name: TableName) -> str:
    """Where a table or a dataset is in the API."""
    return f"/bigquery/v2/projects/{name.project}/datasets/{name.dataset}{name.table and f'/tables/{name.table}'}"


def _file_in(function: Answer[JSON]) -> Answer[str]:
    if not isinstance(function, Found):
        return function
    url = (function.value.get("Code") or {}).get("Location")
    if not url:
        return Silent(why="AWS gives no address of the package")
    return read_from_package(url, CREDENTIAL_CONFIGURATION_FILE)
