"""The commands that mend, with the real names filled in.

What the stack owns, ``pulumi up --refresh`` puts back, so that the next preview agrees with what was mended. The
others are for what the engine can't do: undelete, enable what a refresh needs, and what belongs to somebody else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from keyless_bigquery.command_line import command_line, one_after_another
from keyless_tools.doctor.grants import Grant


def up(stack: str) -> str:
    """Puts back whatever the stack owns and somebody changed or deleted."""
    return command_line("pulumi", "up", "--refresh", "--stack", stack)


def deploy(stack: str) -> str:
    """Deploys settings that were changed since the last time."""
    return command_line("pulumi", "up", "--stack", stack)


def make_function_again(stack: str, *, function: str, region: str) -> str:
    """Makes the function anew, package included. The engine does not see that a package was replaced."""
    delete = command_line("aws", "lambda", "delete-function", "--function-name", function, "--region", region)
    return one_after_another(delete, up(stack))


def wait_for_function(*, function: str, region: str) -> str:
    """Waits until Lambda has made the function ready."""
    return command_line("aws", "lambda", "wait", "function-active-v2", "--function-name", function, "--region", region)


def no_reserved_concurrency(stack: str) -> str:
    """Lets a function run that the settings keep from running."""
    remove = command_line("pulumi", "config", "rm", "reservedConcurrency", "--stack", stack)
    return one_after_another(remove, deploy(stack))


def enable_services(services: Mapping[str, Sequence[str]]) -> str:
    """Switches APIs on, by project. A refresh fails while the API that it asks is off."""
    return one_after_another(
        *(
            command_line("gcloud", "services", "enable", *names, f"--project={project}")
            for project, names in services.items()
        )
    )


def pool(verb: str, *flags: str, pool_id: str, project: str) -> str:
    """``gcloud`` on a pool.

    Args:
        verb: ``undelete`` or ``update``.
        flags: What else.
        pool_id: The pool.
        project: Its project.
    """
    return _gcloud("workload-identity-pools", verb, pool_id, "--location=global", f"--project={project}", *flags)


def provider(verb: str, *flags: str, provider_id: str, pool_id: str, project: str) -> str:
    """``gcloud`` on an AWS provider; arguments as for :func:`pool`."""
    place = (f"--workload-identity-pool={pool_id}", "--location=global", f"--project={project}")
    return _gcloud("workload-identity-pools", "providers", verb, provider_id, *place, *flags)


def enable_account(email: str, *, project: str) -> str:
    """Enables a service account."""
    return _gcloud("service-accounts", "enable", email, f"--project={project}")


def allow_by_organisation(constraint: str, value: str, *, project: str) -> str:
    """Adds a value to what an organisation policy allows in a project."""
    return command_line(
        "gcloud", "resource-manager", "org-policies", "allow", constraint, value, f"--project={project}"
    )


def set_location(stack: str, location: str) -> str:
    """Tells the stack where its data is."""
    configure = command_line("pulumi", "config", "set", "bigqueryLocation", location, "--stack", stack)
    return one_after_another(configure, deploy(stack))


def bring_table_back(table: str) -> str:
    """A deleted table as it was an hour ago; BigQuery keeps it for seven days. Source: BigQuery, "Time travel".

    Args:
        table: The table as ``bq`` writes it, ``project:dataset.table``.
    """
    return command_line("bq", "cp", f"{table}@-3600000", table)


def bring_dataset_back(dataset: str) -> str:
    """A deleted dataset, within its time travel window. Source: BigQuery, "Restore deleted datasets".

    Args:
        dataset: The dataset, ``project.dataset``.
    """
    return command_line("bq", "query", "--use_legacy_sql=false", f"UNDROP SCHEMA `{dataset}`")


def show(name: str) -> str:
    """Shows a table or dataset, and where it is; ``name`` as for :func:`bring_table_back`."""
    return command_line("bq", "show", "--format=prettyjson", name)


def select_columns(stack: str, columns: Sequence[str]) -> str:
    """Tells the stack to select these. The engine takes a list by path only, and keeps what a shorter one leaves."""
    entries = [f"columns[{place}].name={column}" for place, column in enumerate(columns)]
    remove = command_line("pulumi", "config", "rm", "columns", "--stack", stack)
    set_all = command_line("pulumi", "config", "set-all", "--path", *_each("--plaintext", entries), "--stack", stack)
    return one_after_another(remove, set_all, deploy(stack))


def show_columns(table: str) -> str:
    """Shows what there is to select; ``table`` as for :func:`bring_table_back`."""
    return command_line("bq", "show", "--schema", "--format=prettyjson", table)


def delete_role_policy(role: str, policy: str) -> str:
    """Deletes an inline policy."""
    return command_line("aws", "iam", "delete-role-policy", "--role-name", role, "--policy-name", policy)


def detach_role_policy(role: str, arn: str) -> str:
    """Detaches a policy."""
    return command_line("aws", "iam", "detach-role-policy", "--role-name", role, "--policy-arn", arn)


def remove_permission(function: str, statement: str, *, qualifier: str, region: str) -> str:
    """Removes a statement from a function's policy.

    Args:
        function: The function's name.
        statement: The statement's id.
        qualifier: The alias whose policy it is; empty for the function's own.
        region: Its region.
    """
    of_alias = ("--qualifier", qualifier) if qualifier else ()
    which = ("--function-name", function, "--statement-id", statement, *of_alias, "--region", region)
    return command_line("aws", "lambda", "remove-permission", *which)


def remove_account_member(email: str, grant: Grant, project: str) -> str:
    """Takes a role on a service account from a member."""
    return _gcloud("service-accounts", "remove-iam-policy-binding", email, f"--project={project}", *_binding(grant))


def remove_project_member(project: str, grant: Grant) -> str:
    """Takes a role on a project from a member."""
    return command_line("gcloud", "projects", "remove-iam-policy-binding", project, *_binding(grant))


def remove_table_member(table: str, grant: Grant) -> str:
    """Takes a role on a table from a member; ``table`` as for :func:`bring_table_back`."""
    which = (f"--member={grant.member}", f"--role={grant.role}", "--table=true", table)
    return command_line("bq", "remove-iam-policy-binding", *which)


def edit_access_list(dataset: str) -> str:
    """Edits a dataset's access list, which ``bq`` takes as a whole. Source: BigQuery, "Control access to resources"."""
    file = "dataset.json"
    show = command_line("bq", "show", "--format=prettyjson", dataset)
    update = command_line("bq", "update", "--source", file, dataset)
    return one_after_another(f"{show} > {file}", f'"${{EDITOR:-vi}}" {file}', update)


def _binding(grant: Grant) -> tuple[str, ...]:
    # A policy with any condition in it is not changed without one of these.
    condition = "--all" if grant.condition else "--condition=None"
    return (f"--member={grant.member}", f"--role={grant.role}", condition)


def _each(flag: str, values: Sequence[str]) -> list[str]:
    return [word for value in values for word in (flag, value)]


def _gcloud(*arguments: str) -> str:
    return command_line("gcloud", "iam", *arguments)
