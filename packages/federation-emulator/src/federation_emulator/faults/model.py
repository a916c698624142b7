"""Which faults are injected: none by default, chosen by who runs the server, the same again for the same seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel


class FaultSettings(BaseModel):
    """Which faults, and how often. In JSON and YAML the names are in camel case.

    Attributes:
        iam_delay_seconds: How long a changed allow policy or dataset access list takes to be seen by permission
            checks. Who reads the policy sees the newest at once.
        service_delay_seconds: How long an enabled API still answers ``SERVICE_DISABLED``.
        error_share: Share of requests answered with an error, half of them "too many requests", half 503.
        drop_share: Share of requests whose connection is cut without an answer.
        slow_share: Share of requests that are answered late; they may be refused or cut as well.
        seed: Of the generator that picks requests, one after another as they come.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, alias_generator=to_camel, validate_by_name=True)

    iam_delay_seconds: float = Field(default=0, ge=0, le=3600, allow_inf_nan=False)
    service_delay_seconds: float = Field(default=0, ge=0, le=3600, allow_inf_nan=False)
    error_share: float = Field(default=0, ge=0, le=1, allow_inf_nan=False)
    drop_share: float = Field(default=0, ge=0, le=1, allow_inf_nan=False)
    slow_share: float = Field(default=0, ge=0, le=1, allow_inf_nan=False)
    slow_seconds: float = Field(default=1, ge=0, le=30, allow_inf_nan=False)
    seed: int = Field(default=1, ge=0, le=2**53)

    @model_validator(mode="after")
    def _at_most_all(self) -> FaultSettings:
        if self.error_share + self.drop_share > 1:
            raise ValueError(
                f"errorShare and dropShare are {self.error_share + self.drop_share:g} together; a request gets one of "
                "them, so they can be at most 1"
            )
        return self

    @property
    def iam_delay(self) -> timedelta:
        """How long a changed policy takes to be seen."""
        return timedelta(seconds=self.iam_delay_seconds)

    @property
    def service_delay(self) -> timedelta:
        """How long an enabled API takes to be seen."""
        return timedelta(seconds=self.service_delay_seconds)


NO_FAULTS = FaultSettings()
"""Everything is seen at once, and every request is answered."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What happens to one request.

    Attributes:
        error: 429 or 503 if it is answered with an error, else 0.
    """

    delay_seconds: float = 0.0
    error: int = 0
    dropped: bool = False


class FaultInjector:
    """Draws a fault for each request, by the settings of the moment."""

    def __init__(self) -> None:
        self.settings = NO_FAULTS
        self._random = Random(NO_FAULTS.seed)  # noqa: S311  (picks requests to fail; nothing secret hangs on it)
        self._listeners: list[Callable[[], None]] = []

    def on_change(self, listener: Callable[[], None]) -> None:
        """Have something done whenever the settings change."""
        self._listeners.append(listener)

    def change(self, settings: FaultSettings) -> None:
        """Change the settings. What has been changed before is seen at once; the sequence of picks begins anew."""
        self.settings = NO_FAULTS if settings == NO_FAULTS else settings
        self._random = Random(settings.seed)  # noqa: S311  (as above)
        for listener in self._listeners:
            listener()

    def draw(self) -> Fault:
        """Decide what happens to the next request."""
        settings = self.settings
        # Always three draws, so that one share can be changed without moving the other picks.
        picked, which, slow = self._random.random(), self._random.random(), self._random.random()
        delay = settings.slow_seconds if slow < settings.slow_share else 0.0
        if picked < settings.error_share:
            return Fault(delay_seconds=delay, error=429 if which < 0.5 else 503)
        return Fault(delay_seconds=delay, dropped=picked < settings.error_share + settings.drop_share)
