"""The `aws` stand-in: its settings and its table of resource types."""

from __future__ import annotations

import os
from collections.abc import Mapping

from pulumi_offline.plugins.aws.alias import Alias
from pulumi_offline.plugins.aws.api import AwsApi, Models
from pulumi_offline.plugins.aws.function import Function
from pulumi_offline.plugins.aws.iam import Role, RolePolicy, RolePolicyAttachment
from pulumi_offline.plugins.aws.layer_version import LayerVersion
from pulumi_offline.plugins.aws.log_group import LogGroup
from pulumi_offline.plugins.aws.lookups import GetCallerIdentity, GetRegion
from pulumi_offline.plugins.aws.permission import Permission
from pulumi_offline.plugins.aws.regional import regional
from pulumi_offline.plugins.aws.schedule import EventRule, EventTarget
from pulumi_offline.plugins.aws.trusted import OpenIdConnectProvider, Policy
from pulumi_offline.plugins.endpoints import loopback
from pulumi_offline.plugins.errors import ConfigError
from pulumi_offline.plugins.lookup import Served, ServedBy
from pulumi_offline.plugins.values import Properties

_SERVICES = ("iam", "lambda", "logs", "sts")
_EVENTS = ("events", "cloudwatchevents", "eventbridge")
"""The names under which the provider takes the endpoint of EventBridge."""


def served_by() -> ServedBy:
    """Makes the table of resource types for one run of the engine after another, each time from new clients."""
    models = Models()
    return lambda settings: served(api_from(settings, os.environ, models))


def served(api: AwsApi) -> Served:
    """The table of resource types on these clients."""
    return Served.all(
        [
            Role(api),
            RolePolicy(api),
            RolePolicyAttachment(api),
            OpenIdConnectProvider(api),
            Policy(api),
            regional(LogGroup, api),
            regional(Function, api),
            regional(LayerVersion, api),
            regional(Alias, api),
            regional(Permission, api),
            regional(EventRule, api),
            regional(EventTarget, api),
        ],
        [GetCallerIdentity(api), GetRegion(api)],
    )


def api_from(settings: Properties, environment: Mapping[str, str], models: Models | None = None) -> AwsApi:
    """The clients that the provider's settings describe; the account is checked before anything else is asked.

    Raises:
        ConfigError: when an endpoint is absent or not on loopback, credentials are missing, or the account is not
            one of `allowedAccountIds`.
    """
    listed = settings.get("endpoints") or []
    given = {name: url for entry in listed for name, url in entry.items() if url}
    endpoints = {
        name: loopback(f"aws:endpoints.{name}", given.get(name) or environment.get("AWS_ENDPOINT_URL"), plugin="aws")
        for name in _SERVICES
    }
    # A stack without a schedule need not say where EventBridge is.
    events = next((given[name] for name in _EVENTS if name in given), environment.get("AWS_ENDPOINT_URL"))
    if events:
        endpoints["events"] = loopback("aws:endpoints.cloudwatchevents", events, plugin="aws")
    region = settings.get("region") or environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION")
    if not region:
        raise ConfigError("aws:region is not set, and neither is AWS_REGION")
    key, secret = environment.get("AWS_ACCESS_KEY_ID"), environment.get("AWS_SECRET_ACCESS_KEY")
    if not key or not secret:
        raise ConfigError(
            "aws: no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to what `keyless local-cloud` prints"
        )
    api = AwsApi(
        endpoints=endpoints,
        region=str(region),
        key=key,
        secret=secret,
        session=environment.get("AWS_SESSION_TOKEN"),
        models=models or Models(),
    )
    _check_account(api, settings.get("allowedAccountIds"))
    return api


def _check_account(api: AwsApi, allowed: object) -> None:
    if not isinstance(allowed, list) or not allowed:
        return
    account = api.account_id()
    if account not in allowed:
        raise ConfigError(f"AWS account {account} is not one of aws:allowedAccountIds ({', '.join(allowed)})")
