"""A stack of the Automation API that takes what a command did from the engine's events."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from pulumi import automation

# The one way to make a stack of a class of one's own.
from pulumi.automation._stack import StackInitMode
from pulumi.runtime import _grpc_settings

from federation_emulator.servers.errors import EngineError

_ROOT = "pulumi:pulumi:Stack"
_LAST_EVENT_SECONDS: Final = 30.0
"""How much later than the end of the command its last event may arrive."""


def use_connections_of_their_own() -> None:
    """Lets each of Pulumi's channels in this process connect by itself.

    gRPC shares a connection between all channels to an address. The channels to an engine that has ended go on trying;
    where the next engine gets its port, a program's channel would inherit their last failure: "Connection refused".
    """
    own = ("grpc.use_local_subchannel_pool", 1)
    if own not in _grpc_settings._GRPC_CHANNEL_OPTIONS:
        _grpc_settings._GRPC_CHANNEL_OPTIONS.append(own)


class EventStack(automation.Stack):
    """A stack whose `up` and `destroy` start the engine once each.

    The Automation API starts it again after them, twice for the outputs and once for the history: 1.4 s of processor
    time for what the command's events have said already.

    Args:
        name: The stack's name; it is created if there is none.
        workspace: Project, program and environment.
    """

    def __init__(self, name: str, workspace: automation.Workspace) -> None:
        use_connections_of_their_own()
        super().__init__(name, workspace, StackInitMode.CREATE_OR_SELECT)
        self._events: _Events | None = None

    def up(self, *args: Any, **options: Any) -> automation.UpResult:  # noqa: ANN401  (the options are the API's)
        """Deploys, as the Automation API does."""
        with self._listening(options) as heard:
            return super().up(*args, **heard)

    def destroy(self, *args: Any, **options: Any) -> automation.DestroyResult:  # noqa: ANN401  (as above)
        """Destroys, as the Automation API does."""
        with self._listening(options) as heard:
            return super().destroy(*args, **heard)

    def outputs(self) -> automation.OutputMap:
        """The stack's outputs; in the result of :meth:`up`, secret ones are masked."""
        return self._events.outputs() if self._events else super().outputs()

    def info(self, show_secrets: bool = True) -> automation.UpdateSummary | None:
        """The last command; in the result of :meth:`up` and :meth:`destroy`, with its changes only."""
        return self._events.summary() if self._events else super().info(show_secrets)

    @contextlib.contextmanager
    def _listening(self, options: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        self._events = _Events(options.get("on_event"))
        try:
            yield {**options, "on_event": self._events.take}
        finally:
            self._events = None


class _Events:
    """What the events of one command have said so far; each goes to another listener, too."""

    def __init__(self, other: Callable[[automation.EngineEvent], None] | None) -> None:
        self._outputs: automation.OutputMap = {}
        self._changes: dict[automation.OpType, int] = {}
        self._ended = threading.Event()
        self._other = other

    def take(self, event: automation.EngineEvent) -> None:
        """Takes the outputs of the stack, and the counts of the last event."""
        state = event.res_outputs_event.metadata.new if event.res_outputs_event else None
        if state is not None and state.type == _ROOT:
            values = state.outputs or {}
            self._outputs = {name: automation.OutputValue(value=value, secret=False) for name, value in values.items()}
        if event.summary_event:
            self._changes = dict(event.summary_event.resource_changes)
            self._ended.set()
        if self._other is not None:
            self._other(event)

    def outputs(self) -> automation.OutputMap:
        """The stack's outputs.

        Raises:
            EngineError: The last event did not arrive.
        """
        self._wait()
        return self._outputs

    def summary(self) -> automation.UpdateSummary:
        """How many resources the command created, updated, deleted or left as they are.

        Raises:
            EngineError: The last event did not arrive.
        """
        self._wait()
        return automation.UpdateSummary(
            kind="update",
            start_time=datetime.now(UTC),
            message="",
            environment={},
            config={},
            result="succeeded",
            resource_changes=self._changes,
        )

    def _wait(self) -> None:
        if not self._ended.wait(_LAST_EVENT_SECONDS):
            raise EngineError("the engine ended without a summary of what it did; run it again, or read its log")
