"""The process that reads SQL: one task a line on its standard input, one answer a line on its output.

It is a process of its own because reading can take seconds, and can be ended at any moment. It executes nothing.
"""

from __future__ import annotations

import json
import logging
import sys


def main() -> None:
    """Answer until the input ends."""
    # The libraries' loggers would write into the answers, and quote what they read.
    logging.disable(logging.CRITICAL)
    answers, sys.stdout = sys.stdout, sys.stderr
    import structlog

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    from federation_emulator.servers.bigquery_emulator.translating import prepare
    from federation_emulator.services.bigquery.sql import UnreadableSqlError, analyse
    from federation_emulator.services.bigquery.sql.columns import find_protected
    from federation_emulator.services.bigquery.sql.partitions import find_unfiltered
    from federation_emulator.services.bigquery.sql.tasks import (
        Analyse,
        Answer,
        FindUnfiltered,
        Prepare,
        Protected,
        Task,
        Unfiltered,
        Unreadable,
        from_json,
        to_json,
    )

    def done(task: Task) -> Answer:
        if isinstance(task, Analyse):
            return analyse(task.sql, project=task.project, default=task.default)
        if isinstance(task, Prepare):
            return prepare(task)
        if isinstance(task, FindUnfiltered):
            return Unfiltered(tables=tuple(find_unfiltered(task)))
        return Protected(columns=tuple(find_protected(task)))

    for line in sys.stdin:
        answer: Answer
        try:
            answer = done(from_json(json.loads(line)))
        except UnreadableSqlError as problem:
            answer = Unreadable.of(problem)
        except Exception as problem:  # noqa: BLE001  (libraries fail in many ways over odd SQL)
            what = f"one that ends in {type(problem).__name__}"
            answer = Unreadable.of(UnreadableSqlError("the statement must be one that can be read here", what))
        answers.write(json.dumps(to_json(answer)) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
