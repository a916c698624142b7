"""The `gcp` stand-in: its settings and its table of resource types."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping

from pulumi_offline.plugins.endpoints import loopback
from pulumi_offline.plugins.errors import ConfigError
from pulumi_offline.plugins.gcp import lookups
from pulumi_offline.plugins.gcp.accounts import Account
from pulumi_offline.plugins.gcp.api import Endpoints, GoogleApi
from pulumi_offline.plugins.gcp.bigquery import Dataset, Table
from pulumi_offline.plugins.gcp.dataset_access import DatasetAccess
from pulumi_offline.plugins.gcp.members import AccountMember, ProjectMember, TableMember
from pulumi_offline.plugins.gcp.pools import Pool, Provider
from pulumi_offline.plugins.gcp.services import Service
from pulumi_offline.plugins.kind import Kind
from pulumi_offline.plugins.lookup import Served
from pulumi_offline.plugins.values import Properties

_BASE_URL = re.compile(r".*/[^/]+/$")
_SECONDS = re.compile(r"([0-9]{1,9})(ms|s)")


def served_by(settings: Properties) -> Served:
    """The table of resource types and functions, all of them using one API client.

    Raises:
        ConfigError: when an endpoint is absent or not on loopback, or there is no token.
    """
    api = api_from(settings, os.environ)
    types: list[Callable[[GoogleApi], Kind]] = [
        *(Service, Pool, Provider, Account, AccountMember, ProjectMember, TableMember, Dataset, DatasetAccess, Table),
    ]
    return Served.all([of(api) for of in types], lookups.served(api))


def api_from(settings: Properties, environment: Mapping[str, str]) -> GoogleApi:
    """The API client that the provider's settings describe; environment variables fill what they leave open.

    Raises:
        ConfigError: as for `served_by`.
    """

    def endpoint(key: str, variable: str) -> str:
        url = loopback(f"gcp:{key}", settings.get(key) or environment.get(variable), plugin="gcp")
        if not _BASE_URL.fullmatch(url):
            raise ConfigError(f"gcp:{key} is {url}: it must end in /something/, for example http://127.0.0.1:8080/v1/")
        return url

    token = settings.get("accessToken") or environment.get("GOOGLE_OAUTH_ACCESS_TOKEN")
    if not token:
        raise ConfigError("gcp: no token; set GOOGLE_OAUTH_ACCESS_TOKEN to what `keyless local-cloud` prints")
    return GoogleApi(
        endpoints=Endpoints(
            iam=endpoint("iamBetaCustomEndpoint", "GOOGLE_IAM_BETA_CUSTOM_ENDPOINT"),
            service_usage=endpoint("serviceUsageCustomEndpoint", "GOOGLE_SERVICE_USAGE_CUSTOM_ENDPOINT"),
            resource_manager=endpoint("resourceManagerCustomEndpoint", "GOOGLE_RESOURCE_MANAGER_CUSTOM_ENDPOINT"),
            big_query=endpoint("bigQueryCustomEndpoint", "GOOGLE_BIG_QUERY_CUSTOM_ENDPOINT"),
            billing=endpoint("cloudBillingCustomEndpoint", "GOOGLE_CLOUD_BILLING_CUSTOM_ENDPOINT"),
        ),
        project=settings.get("project") or environment.get("GOOGLE_PROJECT") or environment.get("GOOGLE_CLOUD_PROJECT"),
        attribution=settings.get("addPulumiAttributionLabel", True) is True,
        batch_seconds=_batch_seconds(settings.get("batching")),
        token=str(token),
    )


def _batch_seconds(batching: object) -> float:
    """How long to gather service requests; at most a tenth of a second, since no quota is spared here."""
    send_after = batching.get("sendAfter", "3s") if isinstance(batching, dict) else "3s"
    match = _SECONDS.fullmatch(str(send_after))
    if match is None:
        raise ConfigError(f"gcp:batching.sendAfter is {send_after!r}; write it like 100ms or 3s")
    seconds = int(match[1]) / (1000 if match[2] == "ms" else 1)
    return min(seconds, 0.1)
