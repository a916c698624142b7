"""What a component's providers are asked before anything is made: whose account it is, and which tables are there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pulumi

from keyless_bigquery.components.propagation import Refusal
from keyless_bigquery.runtime.printable import one_line
from keyless_bigquery.settings.problems import Problem

_DATASET = "gcp:bigquery/getDataset:getDataset"
_TABLE = "gcp:bigquery/getTable:getTable"
_CALLER = "aws:index/getCallerIdentity:getCallerIdentity"
_REGION = "aws:index/getRegion:getRegion"
_LONGEST_REASON = 300


def aws_account(opts: pulumi.InvokeOptions) -> str | None:
    """The account of an AWS provider; ``None``: not known yet.

    Raises:
        pulumi.RunError: It can't be found out.
    """
    return _of_aws(_CALLER, "accountId", "account", opts)


def aws_region(opts: pulumi.InvokeOptions) -> str | None:
    """The region of an AWS provider; raises as :func:`aws_account`."""
    return _of_aws(_REGION, "region", "region", opts)


def of_aws(given: dict[str, str], opts: pulumi.InvokeOptions) -> Iterator[Problem]:
    """Fills in account and region of the AWS provider where the settings have none; a problem where they differ.

    Args:
        given: The settings.
        opts: With what to look them up.
    """
    for key, found in (("awsAccountId", aws_account(opts)), ("awsRegion", aws_region(opts))):
        value = given.get(key)
        if not value and found is not None:
            given[key] = found
        elif found not in {None, value}:
            rule = f"the AWS provider's is {found}, and the function is made with that provider"
            yield Problem(key=key, value=value, rule=rule, fix="Leave it out, or give another provider.")


def _of_aws(function: str, output: str, what: str, opts: pulumi.InvokeOptions) -> str | None:
    try:
        answer = pulumi.runtime.invoke(function, {}, opts).value
    except Exception as error:  # the SDK raises a bare Exception with the provider's text
        raise pulumi.RunError(
            f"the {what} of the AWS provider can't be found out: {one_line(error, _LONGEST_REASON)}. Check its"
            " credentials with: aws sts get-caller-identity"
        ) from error
    found = (answer or {}).get(output)
    return found if isinstance(found, str) else None


def missing_tables(names: Mapping[str, str], opts: pulumi.InvokeOptions) -> Iterator[Problem]:
    """A problem for each table or dataset that is not there. Needs ``bigquery.tables.get`` and ``.datasets.get``.

    Where BigQuery doesn't answer whether it is, the grant will: a deployer may set a policy without reading the table,
    and the API may be enabled by the same run.

    Args:
        names: Each ``project.dataset.table`` or ``project.dataset``, by the argument that names it.
        opts: With what to look them up.
    """
    for key, name in names.items():
        project, dataset, *table = name.split(".")
        arguments = {"project": project, "datasetId": dataset} | ({"tableId": table[0]} if table else {})
        try:
            pulumi.runtime.invoke(_TABLE if table else _DATASET, arguments, opts)
        except Exception as error:  # noqa: BLE001 (the SDK raises a bare Exception with the provider's text)
            if f"datasets/{dataset}{f'/tables/{table[0]}' if table else ''} not found" in str(error):
                what = "table" if table else "dataset"
                fix = (
                    f"Check: bq show {project}:{'.'.join([dataset, *table])}. If this program makes it, set"
                    " lookUpTables to false, and name it in the option dependsOn"
                )
                yield Problem(key=key, value=name, rule=f"there is no such {what}", fix=fix)
            elif Refusal.read(str(error)) is None:
                pulumi.log.warn(f"{name} could not be looked up: {one_line(error, _LONGEST_REASON)}")
