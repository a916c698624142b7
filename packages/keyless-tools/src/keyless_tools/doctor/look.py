"""Looks at everything that the findings need, link after link. What can't be seen stops nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from keyless_bigquery.trust.organisation import ACCOUNTS_CONSTRAINT, MEMBERS_CONSTRAINT, PROVIDERS_CONSTRAINT
from keyless_bigquery.trust.trust import CREDENTIAL_CONFIGURATION_FILE
from keyless_tools.doctor.answer import JSON, Absent, Answer, Found, Silent
from keyless_tools.doctor.aws_api import AwsApi
from keyless_tools.doctor.expected import Expected, TableName
from keyless_tools.doctor.google_api import GoogleApi
from keyless_tools.doctor.links.table_kinds import may_have_row_policies, reads_of
from keyless_tools.doctor.observed import Guarded, Listed, Seen
from keyless_tools.doctor.package_file import read_from_package

_HOSTS = {"resourcemanager": "cloudresourcemanager", "orgpolicy": "cloudresourcemanager"}
"""The first part of an API's host name, where it is not that of its permissions."""

MOST_READS = 10
"""So many tables of a view are looked at."""

_PAGE = "maxResults=1000"

MOST_PROVIDERS = 100
"""The largest page of ``workloadIdentityPools.providers.list``. Source: IAM API v1."""


class Clouds:
    """Both clouds, as the doctor's credentials see them.

    Args:
        google: Google's APIs; a sentence in their place says why they can't be asked.
        aws: AWS's APIs.
    """

    def __init__(self, *, google: GoogleApi | str, aws: AwsApi) -> None:
        self._google = google
        self._aws = aws

    def look(self, expected: Expected) -> Seen:
        """Looks at one reader's chain."""
        email, table, role = expected.service_account, expected.table, expected.trust.role_name
        function = self._of_account(expected, self._aws.function(expected.function))
        projects = dict.fromkeys((expected.project, table.project, *(name.project for name in expected.listed)))
        project_policies = {
            project: self._policy(f"/v1/projects/{project}", "resourcemanager.projects") for project in projects
        }
        names = dict.fromkeys(name.of_dataset for name in (table, *expected.listed))
        datasets = {name: self._look(_path(name), "bigquery.datasets.get") for name in names}
        tables = {name: self._table(name) for name in (table, *expected.listed) if name.table}
        account = f"/v1/projects/{expected.project}/serviceAccounts/{email}"
        return Seen(
            function=function,
            credential_configuration=_file_in(function),
            function_policies={
                qualifier: self._aws.function_policy(expected.trust.function_name, qualifier)
                for qualifier in dict.fromkeys(("", expected.function.partition(":")[2]))
            },
            role_policies=self._of_account(expected, self._aws.role_policies(role)),
            role=self._of_account(expected, self._aws.role(role)),
            log_group=self._of_account(expected, self._aws.log_group(expected.log_group)),
            services={
                project: {
                    name: self._look(f"/v1/projects/{project}/services/{name}", "serviceusage.services.get")
                    for name in names
                }
                for project, names in expected.services.items()
            },
            pool=self._look(f"/v1/{expected.pool_name}", "iam.workloadIdentityPools.get"),
            provider=self._look(f"/v1/{expected.provider_name}", "iam.workloadIdentityPoolProviders.get"),
            providers=self._look(
                f"/v1/{expected.pool_name}/providers?pageSize={MOST_PROVIDERS}",
                "iam.workloadIdentityPoolProviders.list",
            ),
            organisation_policies={
                constraint: self._organisation_policy(expected.pool_project, constraint)
                for constraint in (PROVIDERS_CONSTRAINT, ACCOUNTS_CONSTRAINT)
            },
            members_policy=self._organisation_policy(expected.project, MEMBERS_CONSTRAINT),
            service_account=None if email is None else self._look(account, "iam.serviceAccounts.get"),
            account_policy=None if email is None else self._policy(account, "iam.serviceAccounts"),
            project_policy=project_policies[expected.project],
            data_project_policy=project_policies[table.project],
            dataset=datasets[table.of_dataset],
            table=tables[table],
            table_policy=self._policy(_path(table), "bigquery.tables"),
            listed={
                str(name): Listed(
                    table=tables.get(name),
                    policy=self._policy(_path(name), "bigquery.tables") if name.table else None,
                    dataset=datasets[name.of_dataset],
                    project_policy=project_policies[name.project],
                    tables=None if name.table else self._look(f"{_path(name)}/tables?{_PAGE}", "bigquery.tables.list"),
                )
                for name in expected.listed
            },
            guarded={
                str(name): self._guarded(name, answer.value)
                for name, answer in tables.items()
                if isinstance(answer, Found)
            },
            at=datetime.now(UTC),
            last_log=self._aws.newest_log(expected.log_group),
        )

    def _table(self, name: TableName) -> Answer[JSON]:
        return self._look(_path(name), "bigquery.tables.get")

    def _guarded(self, name: TableName, table: JSON) -> Guarded:
        """Looks at what is around a table: row access policies, and the tables that a view reads."""
        reads = reads_of(table, name.project)
        return Guarded(
            row_policies=self._look(f"{_path(name)}/rowAccessPolicies", "bigquery.rowAccessPolicies.list")
            if may_have_row_policies(table)
            else None,
            reads={
                str(base): Listed(
                    table=None,
                    policy=self._policy(_path(base), "bigquery.tables"),
                    dataset=self._look(_path(base.of_dataset), "bigquery.datasets.get"),
                    project_policy=self._policy(f"/v1/projects/{base.project}", "resourcemanager.projects"),
                )
                for base in reads[:MOST_READS]
            },
            # Patterns don't understand SQL, and what is read may itself be a view, or guarded.
            more_reads="view" in table or "materializedView" in table,
        )

    def _policy(self, path: str, of: str) -> Answer[JSON]:
        """The allow policy on a project, a service account or a table; ``of``: what its permission begins with."""
        question = {"options": {"requestedPolicyVersion": 3}}
        return self._look(f"{path}:getIamPolicy", f"{of}.getIamPolicy", question)

    def _organisation_policy(self, project: str, constraint: str) -> Answer[JSON]:
        path = f"/v1/projects/{project}:getEffectiveOrgPolicy"
        return self._look(path, "orgpolicy.policy.get", {"constraint": constraint})

    def _look(self, path: str, permission: str, question: Mapping[str, Any] | None = None) -> Answer[JSON]:
        if isinstance(self._google, str):
            return Silent(why=self._google)
        service = permission.partition(".")[0]
        return self._google.look(_HOSTS.get(service, service), path, permission=permission, question=question)

    def _of_account(self, expected: Expected, answer: Answer[JSON]) -> Answer[JSON]:
        """An answer, unless it says that there is nothing, and another account than the stack's was asked."""
        if not isinstance(answer, Absent):
            return answer
        account, ours = self._aws.account(), expected.trust.aws_account_id
        if not isinstance(account, Found | Absent):
            return account
        if isinstance(account, Found) and account.value != ours:
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
