"""Routes of a service account's keys (IAM v1): all but the one that would make a private key."""

from __future__ import annotations

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from federation_emulator.core.context import Cloud
from federation_emulator.core.errors import failed_precondition, invalid_argument, not_found, unimplemented
from federation_emulator.core.http import answer, read_json, text_field
from federation_emulator.services.iam.accounts import permitted_account
from federation_emulator.services.iam.key import MOST_KEYS, Key, google_managed, uploaded_key
from federation_emulator.services.iam.model import Account

_USER, _SYSTEM = "USER_MANAGED", "SYSTEM_MANAGED"


async def list_keys(cloud: Cloud, request: Request) -> Response:
    """``GET …/EMAIL/keys``, with ``keyTypes``; without, Google's own key is among them."""
    account = _permitted(cloud, request, "list")
    kinds = request.query_params.getlist("keyTypes")
    if len(set(kinds)) < len(kinds) or "KEY_TYPE_UNSPECIFIED" in kinds:
        raise invalid_argument("Request contains an invalid argument: key_types names one twice, or none.")
    keys = [key.wire(account) for key in _keys(cloud, account)] if not kinds or _USER in kinds else []
    if not kinds or _SYSTEM in kinds:
        keys.append(google_managed(account, cloud.clock.now()))
    return answer({"keys": keys} if keys else {})


async def create_key(cloud: Cloud, request: Request) -> Response:
    """``POST …/EMAIL/keys``: refused, since its answer would be a private key."""
    _permitted(cloud, request, "create")
    await read_json(request)
    raise unimplemented("Creating service account keys is not offered by the local cloud: it makes no private key.")


async def upload_key(cloud: Cloud, request: Request) -> Response:
    """``POST …/EMAIL/keys:upload``: a certificate, whose private key stays with the caller."""
    account = _permitted(cloud, request, "create")
    body = await read_json(request)
    key = uploaded_key(account, text_field(body, "publicKeyData", limit=20_000))
    if len(_keys(cloud, account)) >= MOST_KEYS:
        raise failed_precondition("Precondition check failed.")
    cloud.account_keys.put(key.id, key)
    return answer(key.wire(account))


async def get_key(cloud: Cloud, request: Request) -> Response:
    """``GET …/EMAIL/keys/ID``."""
    account = _permitted(cloud, request, "get")
    if request.query_params.get("publicKeyType", "TYPE_NONE") != "TYPE_NONE":
        raise unimplemented("Public keys are not kept by the local cloud: only publicKeyType TYPE_NONE.")
    return answer(_key(cloud, request, account).wire(account))


async def switch_key(cloud: Cloud, request: Request) -> Response:
    """``POST …/keys/ID:disable`` and ``…:enable``."""
    verb = request.url.path.rpartition(":")[2]
    account = _permitted(cloud, request, verb)
    await read_json(request)
    key = _key(cloud, request, account)
    cloud.account_keys.put(key.id, replace(key, disabled=verb == "disable"))
    return answer({})


async def delete_key(cloud: Cloud, request: Request) -> Response:
    """``DELETE …/keys/ID``: for good."""
    cloud.account_keys.remove(_key(cloud, request, _permitted(cloud, request, "delete")).id)
    return answer({})


def _permitted(cloud: Cloud, request: Request, verb: str) -> Account:
    return permitted_account(cloud, request, f"iam.serviceAccountKeys.{verb}")


def _keys(cloud: Cloud, account: Account) -> list[Key]:
    return [key for key in cloud.account_keys.values() if key.account == account.unique_id]


def _key(cloud: Cloud, request: Request, account: Account) -> Key:
    name = request.path_params["key"]
    key = cloud.account_keys.get(name)
    if key is None or key.account != account.unique_id:
        raise not_found(f"Service account key {name:.100} does not exist.")
    return key
