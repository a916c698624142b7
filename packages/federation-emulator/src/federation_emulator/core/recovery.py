"""Making a kept state whole again. A kill can fall between two writes that belong together; each write alone is whole.

What belongs together, and what a start finds after a kill in between:

* an account's deletion and its new name in all policies: corrected here, or a namesake would inherit the grants;
* its undeletion and its old name: corrected here likewise;
* a pool's deletion and its providers': the providers are deleted, the pool is not, and can be deleted again;
* a dataset or table in the BigQuery emulator and its access list, policy or view definition here: what the emulator has
  and this side doesn't know belongs to the project's owners alone, and an unknown view can't be read; what this side
  knows and the emulator doesn't have is dropped here.
"""

from __future__ import annotations

from federation_emulator.core.context import Cloud
from federation_emulator.core.policies import rename_member
from federation_emulator.services.bigquery import effects, emulator
from federation_emulator.services.bigquery.model import DatasetName


def finish_renames(cloud: Cloud) -> None:
    """Finish what a kill left of an account's deletion or undeletion. Changes nothing otherwise."""
    live = {account.email.lower() for account in cloud.accounts.values() if not account.expire_time}
    members = {m.lower() for _, policy in cloud.policies.items() for b in policy.bindings for m in b.members}
    for account in cloud.accounts.values():
        alive, deleted = account.member, account.deleted_member
        if account.expire_time and account.email.lower() not in live and alive.lower() in members:
            rename_member(cloud, alive, deleted)
        elif not account.expire_time and deleted.lower() in members:
            rename_member(cloud, deleted, alive)


async def drop_lost_datasets(cloud: Cloud) -> None:
    """Drop access lists, table policies and view definitions of datasets that the emulator doesn't have any more.

    Raises:
        ApiError: The BigQuery emulator does not answer.
    """
    there: set[DatasetName] = set()
    for project in cloud.config.projects:
        there |= set(await emulator.list_datasets(cloud, project.id))
    for name in set(map(DatasetName.parse, cloud.datasets)) - there:
        effects.forget_dataset(cloud, name)
