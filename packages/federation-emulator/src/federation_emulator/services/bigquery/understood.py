"""What the process that reads SQL said of short statements: that depends on their text alone."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Any

from federation_emulator.services.bigquery.sql.tasks import Task

MOST_KEPT = 256
_LONGEST_KEPT = 16 * 1024


class Understood:
    """Answers by task, the oldest forgotten first."""

    def __init__(self) -> None:
        self._known: OrderedDict[Hashable, Any] = OrderedDict()

    def get(self, task: Task) -> Any:  # noqa: ANN401  (the task's own answer)
        """Return a task's answer; ``None`` if it isn't known."""
        return self._known.get(task)

    def keep(self, task: Task, answer: object) -> None:
        """Keep an answer, unless the statement is long."""
        if len(task.sql) > _LONGEST_KEPT:
            return
        self._known[task] = answer
        if len(self._known) > MOST_KEPT:
            self._known.popitem(last=False)
