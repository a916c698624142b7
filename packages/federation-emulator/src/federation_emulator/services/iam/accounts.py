"""Routes of service accounts and their allow policies (IAM v1)."""

from __future__ import annotations

import secrets
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from federation_emulator.core.access import administer
from federation_emulator.core.clock import from_rfc3339
from federation_emulator.core.context import Cloud
from federation_emulator.core.errors import already_exists, not_found
from federation_emulator.core.http import answer, page, read_json, text_field
from federation_emulator.core.policies import rename_member, replace_policy
from federation_emulator.core.policy_form import policy_wire, requested_version
from federation_emulator.core.store import new_etag
from federation_emulator.services.iam.model import Account, deletion_deadline
from federation_emulator.services.iam.rules import ACCOUNT_FIELDS, changed_account, check_account_id, read_mask


async def create_account(cloud: Cloud, request: Request) -> Response:
    """``POST /v1/projects/P/serviceAccounts``."""
    _permit(cloud, request, "iam.serviceAccounts.create", request.path_params["project"])
    project = cloud.project_of(request.path_params["project"])
    body = await read_json(request)
    account_id = text_field(body, "accountId")
    check_account_id(account_id)
    email = f"{account_id}@{project.id}.iam.gserviceaccount.com"
    if find_account(cloud, email) is not None:
        raise already_exists(
            f"Service account {account_id} already exists within project {project.policy_key}.",
            resource=f"{project.policy_key}/serviceAccounts/{email}",
        )
    fresh = Account(
        # Google's ids have 21 digits.
        unique_id=str(10**20 + secrets.randbelow(9 * 10**20)),
        email=email,
        project_id=project.id,
        etag=new_etag(),
    )
    account = changed_account(fresh, body.get("serviceAccount") or {}, set(ACCOUNT_FIELDS))
    cloud.accounts.put(account.unique_id, account)
    return answer(account.wire())


async def list_accounts(cloud: Cloud, request: Request) -> Response:
    """``GET /v1/projects/P/serviceAccounts``."""
    _permit(cloud, request, "iam.serviceAccounts.list", request.path_params["project"])
    project = cloud.project_of(request.path_params["project"])
    live = [a.wire() for a in cloud.accounts.values() if a.project_id == project.id and not a.expire_time]
    return answer(page(request, live, key="accounts"))


async def get_account(cloud: Cloud, request: Request) -> Response:
    """``GET /v1/projects/P/serviceAccounts/EMAIL``; ``-`` stands for the project."""
    return answer(_permitted(cloud, request, "get").wire())


async def update_account(cloud: Cloud, request: Request) -> Response:
    """``PATCH …/EMAIL``: fields and ``updateMask`` (snake case) in the body."""
    account = _permitted(cloud, request, "update")
    body = await read_json(request)
    mask = read_mask(text_field(body, "updateMask"), ACCOUNT_FIELDS)
    changed = changed_account(account, body.get("serviceAccount") or {}, mask)
    return answer(_save(cloud, changed).wire())


async def switch_account(cloud: Cloud, request: Request) -> Response:
    """``POST …/EMAIL:disable`` and ``…:enable``."""
    verb = request.url.path.rpartition(":")[2]
    account = _permitted(cloud, request, verb)
    await read_json(request)
    _save(cloud, replace(account, disabled=verb == "disable"))
    return answer({})


async def delete_account(cloud: Cloud, request: Request) -> Response:
    """``DELETE …/EMAIL``: kept 30 days by unique id; the e-mail is free at once, grants to it are not."""
    account = _permitted(cloud, request, "delete")
    _save(cloud, replace(account, expire_time=deletion_deadline(cloud.clock.now())))
    rename_member(cloud, account.member, account.deleted_member)
    return answer({})


async def undelete_account(cloud: Cloud, request: Request) -> Response:
    """``POST …/UNIQUE_ID:undelete``; refused while a namesake lives."""
    project = request.path_params["project"]
    account = _in(cloud, cloud.accounts.get(request.path_params["account"]), project)
    _permit(cloud, request, "iam.serviceAccounts.undelete", account.project_id if account else project)
    await read_json(request)
    now = cloud.clock.now()
    if account is None or not account.expire_time or from_rfc3339(account.expire_time) <= now:
        raise not_found(f"Service account {request.path_params['account']} is not deleted, or no longer kept.")
    if find_account(cloud, account.email) is not None:
        raise already_exists(f"Service account {account.email} exists: the deleted one can't come back alongside it.")
    restored = _save(cloud, replace(account, expire_time=""))
    rename_member(cloud, account.deleted_member, account.member)
    return answer({"restoredAccount": restored.wire()})


async def get_account_policy(cloud: Cloud, request: Request) -> Response:
    """``POST …/EMAIL:getIamPolicy``; comes without a body, or with one."""
    account = _permitted(cloud, request, "getIamPolicy")
    version = requested_version(await read_json(request), request.query_params)
    return answer(policy_wire(cloud.policy(account.policy_key), version=version))


async def set_account_policy(cloud: Cloud, request: Request) -> Response:
    """``POST …/EMAIL:setIamPolicy``."""
    account = _permitted(cloud, request, "setIamPolicy")
    return answer(policy_wire(replace_policy(cloud, account.policy_key, await read_json(request))))


def find_account(cloud: Cloud, name: str) -> Account | None:
    """Find the live account with an e-mail or unique id. Only ASCII has a case: a Kelvin sign is no K."""
    if not name.isascii():
        return None
    for account in cloud.accounts.values():
        if not account.expire_time and name.lower() in {account.email.lower(), account.unique_id}:
            return account
    return None


def _in(cloud: Cloud, account: Account | None, project: str) -> Account | None:
    """The account, if it is in the project that the path names."""
    found = cloud.find_project(project)
    here = account and (project == "-" or (found is not None and found.id == account.project_id))
    return account if here else None


def permitted_account(cloud: Cloud, request: Request, permission: str) -> Account:
    """Return the account that the path names, if the caller holds a permission on it."""
    name, project = request.path_params["account"], request.path_params["project"]
    account = _in(cloud, find_account(cloud, name), project)
    # Permission before existence, so that no caller without it learns which accounts exist.
    _permit(cloud, request, permission, account.project_id if account else project, account)
    if account is None:
        raise not_found("Unknown service account")
    return account


def _permit(cloud: Cloud, request: Request, permission: str, project: str, account: Account | None = None) -> None:
    administer(
        cloud,
        request,
        permission,
        resource=request.url.path.removeprefix("/v1/"),
        project=project,
        policies=cloud.account_policies(account) if account else None,
        service="iam.googleapis.com",
    )


def _permitted(cloud: Cloud, request: Request, verb: str) -> Account:
    return permitted_account(cloud, request, f"iam.serviceAccounts.{verb}")


def _save(cloud: Cloud, account: Account) -> Account:
    changed = replace(account, etag=new_etag())
    cloud.accounts.put(changed.unique_id, changed)
    return changed
