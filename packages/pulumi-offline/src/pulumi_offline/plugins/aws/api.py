"""The clients of the local AWS, made when they are first used: the first of a service costs some 50 ms."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session

from pulumi_offline.plugins.errors import ConfigError, PluginError, ServiceError

_Answer = TypeVar("_Answer")
_NOT_FOUND = {"NoSuchEntity", "ResourceNotFoundException"}


@dataclass(frozen=True)
class Models:
    """What botocore has read of each service; kept, so that only the first client of a service waits for it."""

    session: Session = field(default_factory=Session)
    lock: threading.Lock = field(default_factory=threading.Lock)
    """Held while a client is made, which botocore can't do twice at once."""


@dataclass(frozen=True, kw_only=True)
class AwsApi:
    """The local AWS, for one run of the engine: each service's URL on loopback, and the deployer's keys."""

    endpoints: Mapping[str, str]
    region: str
    key: str
    secret: str = field(repr=False)
    session: str | None = field(repr=False)
    models: Models = field(default_factory=Models, repr=False)
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict, repr=False)
    """By service and region."""

    def at(self, region: str) -> AwsApi:
        """The same AWS in a region, which may be this one."""
        return replace(self, region=region)

    def client(self, service: str) -> Any:  # noqa: ANN401 (botocore makes its clients' methods at run time)
        """The client of one service.

        Raises:
            ConfigError: the provider's settings don't say where it is.
        """
        if service not in self.endpoints:
            raise ConfigError(
                f"aws:endpoints names no address for {service}; set it to the address that `keyless local-cloud` prints"
            )
        with self.models.lock:
            if (service, self.region) not in self._clients:
                self._clients[service, self.region] = self.models.session.create_client(
                    service,
                    region_name=self.region,
                    endpoint_url=self.endpoints[service],
                    config=Config(
                        connect_timeout=5,
                        read_timeout=60,
                        retries={"total_max_attempts": 2, "mode": "standard"},
                        proxies={},
                    ),
                    aws_access_key_id=self.key,
                    aws_secret_access_key=self.secret,
                    aws_session_token=self.session,
                )
            return self._clients[service, self.region]

    def account_id(self) -> str:
        """The caller's account.

        Raises:
            ServiceError: when the credentials are refused.
        """
        with aws_errors():
            return str(self.client("sts").get_caller_identity()["Account"])


@contextmanager
def aws_errors() -> Iterator[None]:
    """Report errors in the service's own words.

    Raises:
        ServiceError: for every answer of the service that is an error.
        PluginError: when nothing answers, or botocore itself refuses the request.
    """
    try:
        yield
    except ClientError as error:
        answer = error.response
        raise ServiceError(
            status=int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)),
            reason=str(answer["Error"]["Code"]),
            message=str(answer["Error"]["Message"]),
            request=str(error.operation_name),
        ) from error
    except BotoCoreError as error:
        raise PluginError(f"the local AWS: {error}; is `keyless local-cloud` still running?") from error


def unless_gone(ask: Callable[[], _Answer]) -> _Answer | None:
    """What the service answers, or None when the thing does not exist.

    Raises:
        ServiceError: for every other refusal.
        PluginError: as `aws_errors`.
    """
    try:
        with aws_errors():
            return ask()
    except ServiceError as error:
        if error.reason in _NOT_FOUND:
            return None
        raise


def again(
    ask: Callable[[], _Answer],
    while_refused: Callable[[ServiceError], bool],
    *,
    limit_seconds: float,
    pause_seconds: float,
) -> _Answer:
    """What the service answers, asked again with pauses as long as it refuses in this way.

    Raises:
        ServiceError: another refusal, or this one after the limit.
    """
    deadline = time.monotonic() + limit_seconds
    while True:
        try:
            return ask()
        except ServiceError as error:
            if not while_refused(error) or time.monotonic() > deadline:
                raise
        time.sleep(pause_seconds)
