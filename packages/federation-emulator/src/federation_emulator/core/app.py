"""The local Google: every route at a glance, and the one place where refusals and errors become responses.

Nothing is allowed because it is local: every route but ``_local`` and the public discovery document asks for a token
that was issued here, or for a subject token that AWS vouches for. A known path with another method is 405, an
unknown one 404 or 501, all in Google's shape and noted as unsupported; an internal error is logged and answered
without details.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.convertors import StringConvertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from federation_emulator.console.page import routes as page
from federation_emulator.console.page.guard import GuardLayer
from federation_emulator.core import admin, unsupported
from federation_emulator.core.bigquery_paths import BigQueryPaths
from federation_emulator.core.clock import Clock, SystemClock
from federation_emulator.core.config import CloudConfig
from federation_emulator.core.context import Cloud, open_cloud
from federation_emulator.core.errors import ApiError, OAuthError, body_of, shape_of
from federation_emulator.core.google_methods import Method, find_method
from federation_emulator.core.http import GOOGLE_METHOD, with_its_body
from federation_emulator.core.recovery import drop_lost_datasets, finish_renames
from federation_emulator.core.trace import Refused
from federation_emulator.faults.layer import FaultLayer
from federation_emulator.services.bigquery import datasets, effects, jobs, rows, tables
from federation_emulator.services.iam import accounts, keys, pools
from federation_emulator.services.iam_credentials import routes as iam_credentials
from federation_emulator.services.policy_analyzer import routes as policy_analyzer
from federation_emulator.services.resource_manager import routes as resource_manager
from federation_emulator.services.service_usage import routes as service_usage
from federation_emulator.services.sts import routes as sts

__all__ = ["CloudConfig", "create_app"]

Handler = Callable[[Cloud, Request], Awaitable[Response]]
_log = logging.getLogger("local_cloud")

_PROJECT = "/v1/projects/{project:name}"
_POOLS = _PROJECT + "/locations/global/workloadIdentityPools"
_POOL = _POOLS + "/{pool:name}"
_PROVIDER = _POOL + "/providers/{provider:name}"
_ACCOUNT = _PROJECT + "/serviceAccounts/{account:name}"
_KEY = _ACCOUNT + "/keys/{key:name}"
_ACTIVITIES = _PROJECT + "/locations/global/activityTypes/{type:name}/activities"
_BIGQUERY = "/bigquery/v2/projects/{project:name}"
_DATASET = _BIGQUERY + "/datasets/{dataset:name}"
_TABLE = _DATASET + "/tables/{table:name}"

_SERVICES = "/projects/{project:name}/services"
_SERVICE = _SERVICES + "/{service:name}"
_SERVICE_USAGE: Sequence[tuple[str, str, Handler]] = (
    ("GET", _SERVICES, service_usage.list_services),
    ("POST", _SERVICES + ":batchEnable", service_usage.batch_enable_services),
    ("GET", _SERVICE, service_usage.get_service),
    ("POST", _SERVICE + ":enable", service_usage.enable_service),
    ("POST", _SERVICE + ":disable", service_usage.disable_service),
    ("GET", "/operations/{operation:name}", service_usage.get_operation),
)

_ROUTES: Sequence[tuple[str, str, Handler]] = (
    # Local
    ("GET", "/", page.index),
    ("HEAD", "/", page.index),
    ("GET", "/page/{file:name}", page.file),
    ("HEAD", "/page/{file:name}", page.file),
    ("GET", "/_local/health", admin.health),
    ("GET", "/_local/decisions", admin.decisions),
    ("GET", "/_local/decisions/{decision:name}", page.decision),
    ("GET", "/_local/resources", admin.resources),
    ("GET", "/_local/unsupported", admin.unsupported),
    ("GET", "/_local/permissions", admin.permissions),
    ("GET", "/_local/clock", admin.clock),
    ("POST", "/_local/clock", admin.clock),
    ("GET", "/_local/faults", admin.faults),
    ("POST", "/_local/faults", admin.faults),
    ("GET", "/_local/issuer", admin.issuer),
    ("POST", "/_local/issuer", admin.issuer),
    # Security Token Service
    ("POST", "/v1/token", sts.exchange_token),
    ("POST", "/v1/introspect", sts.introspect_token),
    # IAM Credentials
    ("POST", _ACCOUNT + ":generateAccessToken", iam_credentials.generate_access_token),
    # Cloud Resource Manager, Cloud Billing
    ("GET", _PROJECT, resource_manager.get_project),
    ("GET", _PROJECT + "/billingInfo", resource_manager.get_billing_info),
    ("POST", _PROJECT + ":getIamPolicy", resource_manager.get_project_policy),
    ("POST", _PROJECT + ":setIamPolicy", resource_manager.set_project_policy),
    ("POST", _PROJECT + ":getOrgPolicy", resource_manager.get_organisation_policy),
    ("POST", _PROJECT + ":getEffectiveOrgPolicy", resource_manager.get_effective_organisation_policy),
    ("POST", _PROJECT + ":setOrgPolicy", resource_manager.set_organisation_policy),
    ("POST", _PROJECT + ":clearOrgPolicy", resource_manager.clear_organisation_policy),
    # Service Usage, in both versions that clients use
    *((method, version + path, handler) for version in ("/v1", "/v1beta1") for method, path, handler in _SERVICE_USAGE),
    # IAM: pools and providers
    ("POST", _POOLS, pools.create_pool),
    ("GET", _POOLS, pools.list_all),
    ("GET", _POOL, pools.get),
    ("PATCH", _POOL, pools.update),
    ("DELETE", _POOL, pools.delete),
    ("POST", _POOL + ":undelete", pools.undelete),
    ("GET", _POOL + ":listAttestationRules", pools.list_attestation_rules),
    ("GET", _POOL + "/operations/{operation:name}", pools.get_operation),
    ("POST", _POOL + "/providers", pools.create_provider),
    ("GET", _POOL + "/providers", pools.list_all),
    ("GET", _PROVIDER, pools.get),
    ("PATCH", _PROVIDER, pools.update),
    ("DELETE", _PROVIDER, pools.delete),
    ("POST", _PROVIDER + ":undelete", pools.undelete),
    ("GET", _PROVIDER + "/operations/{operation:name}", pools.get_operation),
    # IAM: service accounts
    ("POST", _PROJECT + "/serviceAccounts", accounts.create_account),
    ("GET", _PROJECT + "/serviceAccounts", accounts.list_accounts),
    ("GET", _ACCOUNT, accounts.get_account),
    ("PATCH", _ACCOUNT, accounts.update_account),
    ("DELETE", _ACCOUNT, accounts.delete_account),
    ("POST", _ACCOUNT + ":disable", accounts.switch_account),
    ("POST", _ACCOUNT + ":enable", accounts.switch_account),
    ("POST", _ACCOUNT + ":undelete", accounts.undelete_account),
    ("POST", _ACCOUNT + ":getIamPolicy", accounts.get_account_policy),
    ("POST", _ACCOUNT + ":setIamPolicy", accounts.set_account_policy),
    # IAM: keys of service accounts, and when they were used
    ("GET", _ACCOUNT + "/keys", keys.list_keys),
    ("POST", _ACCOUNT + "/keys", keys.create_key),
    ("POST", _ACCOUNT + "/keys:upload", keys.upload_key),
    ("GET", _KEY, keys.get_key),
    ("DELETE", _KEY, keys.delete_key),
    ("POST", _KEY + ":disable", keys.switch_key),
    ("POST", _KEY + ":enable", keys.switch_key),
    ("GET", _ACTIVITIES + ":query", policy_analyzer.query_activities),
    # BigQuery
    ("GET", "/$discovery/rest", datasets.get_document),
    ("GET", _BIGQUERY + "/datasets", datasets.list_datasets),
    ("POST", _BIGQUERY + "/datasets", datasets.create_dataset),
    ("GET", _DATASET, datasets.get_dataset),
    ("PUT", _DATASET, datasets.replace_dataset),
    ("PATCH", _DATASET, datasets.update_dataset),
    ("DELETE", _DATASET, datasets.delete_dataset),
    ("GET", _DATASET + "/tables", tables.list_tables),
    ("POST", _DATASET + "/tables", tables.create_table),
    ("GET", _TABLE, tables.get_table),
    ("PUT", _TABLE, tables.replace_table),
    ("PATCH", _TABLE, tables.update_table),
    ("DELETE", _TABLE, tables.delete_table),
    ("POST", _TABLE + ":getIamPolicy", tables.get_table_policy),
    ("POST", _TABLE + ":setIamPolicy", tables.set_table_policy),
    ("GET", _TABLE + "/rowAccessPolicies", tables.list_row_access_policies),
    ("GET", _TABLE + "/data", rows.list_rows),
    ("POST", _TABLE + "/insertAll", rows.insert_rows),
    ("POST", _BIGQUERY + "/queries", jobs.run_query),
    ("GET", _BIGQUERY + "/queries/{job:name}", jobs.get_query_results),
    ("POST", _BIGQUERY + "/jobs", jobs.insert_job),
    ("GET", _BIGQUERY + "/jobs", jobs.list_jobs),
    ("GET", _BIGQUERY + "/jobs/{job:name}", jobs.get_job),
    ("POST", _BIGQUERY + "/jobs/{job:name}/cancel", jobs.cancel_job),
)


class _NameConvertor(StringConvertor):
    """One path segment up to a custom method's colon: ``POOL`` in ``…/POOL:undelete``."""

    regex = "[^/:]+"


@dataclass(frozen=True)
class _Endpoint:
    """All methods of one path, and the boundary around them."""

    cloud: Cloud
    path: str
    handlers: dict[str, Handler]
    methods: dict[str, Method | None]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request({**scope, GOOGLE_METHOD: self.methods.get(scope["method"])}, receive)
        response = await self._answer(request)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        handler = self.handlers.get(request.method)
        if handler is None:
            if find_method(request.method, self.path) is not None:
                return _not_served(self.cloud, request, unsupported.of_unknown_path(request))
            wrong = unsupported.of_wrong_method(request, allowed=sorted(self.handlers))
            return _not_served(self.cloud, request, wrong)
        if (unreadable := unsupported.of_known_route(request)) is not None:
            return _not_served(self.cloud, request, unreadable)
        try:
            if request.scope["path"].startswith("/bigquery/"):
                await effects.expire(self.cloud)
            return await handler(self.cloud, await with_its_body(request))
        except (Refused, ApiError, OAuthError) as problem:
            error = problem.answer if isinstance(problem, Refused) else problem
            if isinstance(error, ApiError) and error.code == HTTPStatus.NOT_IMPLEMENTED:
                return _not_served(self.cloud, request, error)
            return _write(error, request)
        except ClientDisconnect:
            # No client is left to read an answer; the status is for the log alone.
            return Response(status_code=499)
        except Exception:  # noqa: BLE001  (the one top boundary: what is left is ours, and no client's business)
            _log.exception("internal error at %s %s", request.method, request.url.path)
            return _write(ApiError(500, "INTERNAL", "Internal error encountered.", reason="internalError"), request)


def create_app(config: CloudConfig, *, clock: Clock | None = None) -> Starlette:
    """Build the server. Uses no network before the first request. The clock is the host's if left out.

    Raises:
        StateError: ``config.state_directory`` holds something unreadable.
    """
    cloud = open_cloud(config, clock or SystemClock())
    if config.state_directory is not None:
        finish_renames(cloud)
    register_url_convertor("name", _NameConvertor())
    handlers: dict[str, dict[str, Handler]] = {}
    for method, path, handler in _ROUTES:
        handlers.setdefault(path, {})[method] = handler

    async def unknown_path(request: Request, _error: Exception) -> Response:
        return _not_served(cloud, request, unsupported.of_unknown_path(request))

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        if config.state_directory is not None and config.bigquery_url:
            await drop_lost_datasets(cloud)
        yield
        cloud.aws.close()
        cloud.emulator.close()

    app = Starlette(
        routes=[
            Route(
                path,
                _Endpoint(
                    cloud=cloud,
                    path=path,
                    handlers=handled,
                    methods={each: find_method(each, path) for each in handled},
                ),
                methods=None,
            )
            for path, handled in handlers.items()
        ],
        exception_handlers={HTTPException: unknown_path},
        lifespan=lifespan,
    )
    # A redirect to the path with or without its slash would answer what Google answers with 404.
    app.router.redirect_slashes = False
    app.add_middleware(FaultLayer, faults=cloud.faults)
    app.add_middleware(GuardLayer)
    app.add_middleware(BigQueryPaths)
    return app


def _write(error: ApiError | OAuthError, request: Request) -> Response:
    return JSONResponse(body_of(error, shape_of(request.url.path)), status_code=error.code, headers=error.headers)


def _not_served(cloud: Cloud, request: Request, error: ApiError) -> Response:
    cloud.unsupported.note(request, error)
    return _write(error, request)
