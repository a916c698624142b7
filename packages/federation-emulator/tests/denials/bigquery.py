"""How a case reaches for rows, and what such cases share."""

from __future__ import annotations

from typing import Any

from federation_emulator.core.trace import Link, Part
from tests.denials.case import Case, Step
from tests.denials.world import PROJECT_PATH, World
from tests.emulator.chain import BIGQUERY_PATH, READER

JOB_USER, VIEWER, EDITOR = "roles/bigquery.jobUser", "roles/bigquery.dataViewer", "roles/bigquery.dataEditor"
THE_READER = f"serviceAccount:{READER}"


def sql(text: str) -> Step:
    """Ask something else; see ``World.sql``."""

    def step(world: World) -> None:
        world.sql = text

    return step


def grant(role: str, *, table: str = "", member: str = THE_READER) -> Step:
    """Grant a role on a table, ``{table}`` for the one that was made, or on the project."""
    return lambda world: world.chain.grant(_policy_of(world, table), role, member)


def revoke(role: str, *, table: str = "") -> Step:
    """Take a role away from the reader."""
    return lambda world: world.chain.revoke(_policy_of(world, table), role, THE_READER)


def _policy_of(world: World, table: str) -> str:
    return world.table_path(table.replace("{table}", world.table)) if table else PROJECT_PATH


def add_access(**entry: Any) -> Step:
    """Add an entry to the dataset's access list."""

    def step(world: World) -> None:
        path = f"{BIGQUERY_PATH}/datasets/{world.chain.dataset}"
        access = world.google.done("GET", path)["access"]
        world.google.done("PATCH", path, {"access": [*access, entry]})

    return step


def refused_table(
    name: str,
    wrong: Step,
    right: Step,
    *,
    change: str = "dataViewer on that table",
    permission: str = "bigquery.tables.getData",
    says: str = "User does not have permission to query table",
) -> Case:
    """A query that is refused for want of a permission on a table or its dataset."""
    return Case(
        name=name,
        change=change,
        wrong=wrong,
        right=right,
        link=Link.TABLE,
        part=Part.PERMISSION,
        rule=f"{permission} is needed",
        status=403,
        error="accessDenied",
        says=says,
    )


def refused_job(name: str, wrong: Step, right: Step, *, change: str = "jobUser on the project") -> Case:
    """A query that is refused before anything is read, for want of the right to start a job."""
    return Case(
        name=name,
        change=change,
        wrong=wrong,
        right=right,
        link=Link.JOB,
        part=Part.PERMISSION,
        rule="bigquery.jobs.create is needed",
        status=403,
        error="accessDenied",
        says="User does not have bigquery.jobs.create permission in project",
    )
