"""A server behind the local Google: somebody else's emulator, as a child process that says its port in its log."""

from __future__ import annotations

from typing import ClassVar

from local_cloud.process import Child


class Emulator:
    """A running emulator.

    Attributes:
        child: its process.
        url: its base URL, once it is ready.
    """

    listening: ClassVar[str]
    """The event in its log that has its port."""

    health: ClassVar[str]
    """The path that answers 200 as soon as it can be used."""

    def __init__(self, child: Child) -> None:
        self.child = child
        self.url = ""

    def wait(self, *, limit_seconds: float) -> None:
        """Wait until it answers.

        Raises:
            ProcessError: when it does not.
        """
        port = self.child.wait_for_event(self.listening, limit_seconds=limit_seconds)["port"]
        url = f"http://127.0.0.1:{port}"
        self.child.wait_for_answer(url + self.health, limit_seconds=limit_seconds)
        self.url = url
