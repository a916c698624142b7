"""What a program looks up in AWS: who the provider is, and where."""

from __future__ import annotations

from pulumi_offline.plugins.aws.api import AwsApi
from pulumi_offline.plugins.lookup import Lookup
from pulumi_offline.plugins.values import Properties


class GetCallerIdentity(Lookup):
    """The caller, as STS sees it."""

    function = "aws:index/getCallerIdentity:getCallerIdentity"
    arguments = frozenset[str]()

    def __init__(self, api: AwsApi) -> None:
        self._api = api

    def answer(self, arguments: Properties) -> Properties:  # noqa: ARG002 (it has none)
        """GetCallerIdentity."""
        account = self._api.account_id()
        return {"id": account, "accountId": account}


class GetRegion(Lookup):
    """The provider's own region. Source: pulumi-aws 7, ``getRegion``."""

    function = "aws:index/getRegion:getRegion"
    arguments = frozenset[str]()

    def __init__(self, api: AwsApi) -> None:
        self._api = api

    def answer(self, arguments: Properties) -> Properties:  # noqa: ARG002 (it has none)
        """Asks no service."""
        return {"id": self._api.region, "region": self._api.region}
