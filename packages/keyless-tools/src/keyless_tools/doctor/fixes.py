"""The commands that fix what failed, with the real names filled in. Every one that the doctor prints is made here.

What the stack owns, ``pulumi up --refresh`` puts back, so that the next preview agrees with what was fixed. The others
are for what the engine can't do: undelete, enable what a refresh needs, and what belongs to another team. None replaces
a table or a dataset, or makes an empty one in the place of one that can be had back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from keyless_bigquery.command_line import command_line, one_after_another
from keyless_tools.doctor.grants import Grant


def command(template: str, *more: str, **values: str) -> str:
    """A command, or several joined by ``&&``, with values in its gaps.

    Args:
        template: The command, with a gap such as ``{stack}`` for each value.
        more: Further words at its end.
        values: What the gaps hold: each is one word, or a part of one, whatever characters are in it.
    """
    commands = [[word.format(**values) for word in one.split()] for one in template.split(" && ")]
    commands[-1] += more
    return one_after_another(*(command_line(*words) for words in commands))


def up(stack: str) -> str:
    """Puts back whatever the stack owns and was changed or deleted by hand."""
    return command("pulumi up --refresh --stack {stack}", stack=stack)


def deploy(stack: str) -> str:
    """Deploys settings that were changed since the last time."""
    return command("pulumi up --stack {stack}", stack=stack)


def preview(stack: str) -> str:
    """Shows what a deployment would replace and delete."""
    return command("pulumi preview --diff --stack {stack}", stack=stack)


def restore_settings(stack: str, deployed: Mapping[str, str]) -> str:
    """Gives settings their deployed values again, by key; a key with ``[`` or ``.`` in it is a path."""
    return one_after_another(
        *(
            command("pulumi config set", *(("--path",) if "[" in key else ()), key, value, "--stack", stack)
            for key, value in deployed.items()
        )
    )


def settings_of_the_last_deployment(stack: str) -> str:
    """Makes the stack's settings those of its last deployment; the file that there is stays under another name."""
    return command("pulumi config refresh --stack {stack}", stack=stack)


def use_location(stack: str, location: str) -> str:
    """Has the function look where another team's table is."""
    return one_after_another(restore_settings(stack, {"bigqueryLocation": location}), deploy(stack))


def unlist(stack: str, place: int) -> str:
    """Takes an entry from the list of tables, and with it one grant."""
    return one_after_another(command("pulumi config rm --path", f"tables[{place}]", "--stack", stack), deploy(stack))


def make_function_again(stack: str, *, function: str, region: str) -> str:
    """Makes the function anew, package included. The engine does not see that a package was replaced."""
    delete = "aws lambda delete-function --function-name {function} --region {region}"
    return one_after_another(command(delete, function=function, region=region), up(stack))


def wait_for_function(function: str, *, region: str) -> str:
    """Waits until a new function can be invoked."""
    wait = "aws lambda wait function-active-v2 --function-name {function} --region {region}"
    return command(wait, function=function, region=region)


def run_again(stack: str, *, reader: int | None) -> str:
    """Ends the pause that a reserved concurrency of 0 is; ``reader``: its place where there is a list of them."""
    if reader is None:
        return one_after_another(
            command("pulumi config rm reservedConcurrency --stack {stack}", stack=stack), deploy(stack)
        )
    # Whether the 0 is its own or inherited: one of its own comes first.
    return one_after_another(restore_settings(stack, {f"readers[{reader}].reservedConcurrency": "1"}), deploy(stack))


def enable_services(services: Mapping[str, Sequence[str]]) -> str:
    """Switches APIs on, by project. A refresh fails while the API that it asks is off."""
    return one_after_another(
        *(command("gcloud services enable", *names, f"--project={project}") for project, names in services.items())
    )


def pool(verb: str, *flags: str, pool_id: str, project: str) -> str:
    """``gcloud`` on a pool: ``undelete`` or ``update``, and what else."""
    template = "gcloud iam workload-identity-pools {verb} {pool_id} --location=global --project={project}"
    return command(template, *flags, verb=verb, pool_id=pool_id, project=project)


def provider(verb: str, *flags: str, provider_id: str, pool_id: str, project: str) -> str:
    """``gcloud`` on an AWS provider; arguments as for :func:`pool`."""
    template = "gcloud iam workload-identity-pools providers {verb} {id} --workload-identity-pool={pool_id}"
    more = ("--location=global", f"--project={project}", *flags)
    return command(template, *more, verb=verb, id=provider_id, pool_id=pool_id)


def allow_value(constraint: str, value: str, *, project: str) -> str:
    """Adds a value to those that an organisation policy allows in a project."""
    allow = "gcloud resource-manager org-policies allow {constraint} {value} --project={project}"
    return command(allow, constraint=constraint, value=value, project=project)


def enable_account(email: str, *, project: str) -> str:
    """Enables a service account."""
    return command("gcloud iam service-accounts enable {email} --project={project}", email=email, project=project)


def bring_table_back(table: str) -> str:
    """A deleted table as it was an hour ago; BigQuery keeps it for seven days. Source: BigQuery, "Time travel".

    Args:
        table: The table as ``bq`` writes it, ``project:dataset.table``.
    """
    return command("bq cp --no_clobber {table}@-3600000 {table}", table=table)


def bring_dataset_back(dataset: str, *, location: str) -> str:
    """A deleted dataset with its tables. Source: BigQuery, "Restore deleted datasets"; a statement runs in a location.

    Args:
        dataset: The dataset as SQL writes it, ``project.dataset``.
        location: Where it was.
    """
    return command("bq --location={at} query --use_legacy_sql=false", f"UNDROP SCHEMA `{dataset}`", at=location)


def show_table(table: str) -> str:
    """Shows another team's table or dataset, to be compared with the settings."""
    return command("bq show --format=prettyjson {table}", table=table)


def select_columns(stack: str, columns: Sequence[str]) -> str:
    """Lets the stack select these. The engine takes a list by path only, and keeps what a shorter one leaves."""
    entries = [f"columns[{place}].name={column}" for place, column in enumerate(columns)]
    return one_after_another(
        command("pulumi config rm columns --stack {stack}", stack=stack),
        command_line(
            *("pulumi", "config", "set-all", "--path"),
            *(word for entry in entries for word in ("--plaintext", entry)),
            *("--stack", stack),
        ),
        deploy(stack),
    )


def remove_permission(function: str, statement: str, *, qualifier: str, region: str) -> str:
    """Removes a statement from a function's policy, or from that of its alias ``qualifier``; empty for none."""
    of_alias = ("--qualifier", qualifier) if qualifier else ()
    template = "aws lambda remove-permission --function-name {function} --statement-id {statement}"
    return command(template, *of_alias, "--region", region, function=function, statement=statement)


def delete_policy(role: str, name: str) -> str:
    """Deletes an inline policy of a role."""
    return command("aws iam delete-role-policy --role-name {role} --policy-name {name}", role=role, name=name)


def detach_policy(role: str, arn: str) -> str:
    """Detaches a policy from a role."""
    return command("aws iam detach-role-policy --role-name {role} --policy-arn {arn}", role=role, arn=arn)


def remove_from_account(grant: Grant, *, email: str, project: str) -> str:
    """Takes a role on a service account from a member."""
    template = "gcloud iam service-accounts remove-iam-policy-binding {email} --project={project}"
    return command(template, *_of(grant), email=email, project=project)


def remove_from_project(grant: Grant, *, project: str) -> str:
    """Takes a role on a project from a member."""
    return command("gcloud projects remove-iam-policy-binding {project}", *_of(grant), project=project)


def remove_from_table(grant: Grant, *, table: str) -> str:
    """Takes a role on a table from a member."""
    template = "bq remove-iam-policy-binding --member={member} --role={role} --table=true {table}"
    return command(template, member=grant.member, role=grant.role, table=table)


def edit_access_list(dataset: str) -> str:
    """Edits a dataset's access list, which ``bq`` takes as a whole. Source: BigQuery, "Control access to resources"."""
    show = command("bq show --format=prettyjson {dataset}", dataset=dataset)
    update = command("bq update --source dataset.json {dataset}", dataset=dataset)
    return one_after_another(f"{show} > dataset.json", '"${EDITOR:-vi}" dataset.json', update)


def _of(grant: Grant) -> tuple[str, ...]:
    # A policy with any condition in it is not changed without one of the last.
    return f"--member={grant.member}", f"--role={grant.role}", "--all" if grant.condition else "--condition=None"
