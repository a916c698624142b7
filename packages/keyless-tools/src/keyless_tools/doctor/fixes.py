"""The commands that fix what failed, with the real names filled in.

What the stack owns, ``pulumi up --refresh`` puts back, so that the next preview agrees with what was fixed. The others
are for what the engine can't do: undelete, enable what a refresh needs, and what belongs to another team.
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


def make_function_again(stack: str, *, function: str, region: str) -> str:
    """Makes the function anew, package included. The engine does not see that a package was replaced."""
    delete = "aws lambda delete-function --function-name {function} --region {region}"
    return one_after_another(command(delete, function=function, region=region), up(stack))


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


def bring_table_back(table: str) -> str:
    """A deleted table as it was an hour ago; BigQuery keeps it for seven days. Source: BigQuery, "Time travel".

    Args:
        table: The table as ``bq`` writes it, ``project:dataset.table``.
    """
    return command("bq cp {table}@-3600000 {table}", table=table)


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


def remove_binding(template: str, grant: Grant, **values: str) -> str:
    """Takes a role from a member; the template is gcloud's command up to that."""
    # A policy with any condition in it is not changed without one of these.
    condition = "--all" if grant.condition else "--condition=None"
    return command(template, f"--member={grant.member}", f"--role={grant.role}", condition, **values)


def edit_access_list(dataset: str) -> str:
    """Edits a dataset's access list, which ``bq`` takes as a whole. Source: BigQuery, "Control access to resources"."""
    show = command("bq show --format=prettyjson {dataset}", dataset=dataset)
    update = command("bq update --source dataset.json {dataset}", dataset=dataset)
    return one_after_another(f"{show} > dataset.json", '"${EDITOR:-vi}" dataset.json', update)
