"""Executes a statement that was admitted: judged once more, within a transaction, within a time limit."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, cast

import duckdb
import pyarrow as pa
from bqemulator.jobs.error_mapper import translate_runtime_error

from federation_emulator.servers.bigquery_emulator.judge import (
    COUNTED,
    PLANNED,
    Admitted,
    plan_problem,
    scans_of,
    statement_problem,
)
from federation_emulator.servers.bigquery_emulator.results import Result
from federation_emulator.servers.bigquery_emulator.values import kind_of

MOST_RESULT_BYTES = 256 * 1024 * 1024
_BATCH_ROWS = 10_000
_THREADS = 8
"""Statements that run at a time; the others wait."""

_AGAIN_SECONDS = 0.05
_INTERRUPTS = 20
_NO_ROWS = pa.table({})
_REQUIRED = re.compile(r"NOT NULL constraint failed: .*?([^.\s]+)$", re.MULTILINE | re.ASCII)
_ESCAPED = re.compile(r'[\\"]')


class RefusedError(Exception):
    """A statement is not, or not only, what was admitted."""


class StoppedError(Exception):
    """A statement was interrupted: its time was up, or it was cancelled."""


class FailedError(Exception):
    """A statement failed, for one of BigQuery's reasons; the text is BigQuery's as far as it is known."""

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What is to be executed.

    Attributes:
        admitted: What was let in.
        texts: DuckDB's SQL, one statement each.
        values: The parameters' values.
        dry: Only judge it, and say which columns it has.
    """

    admitted: Admitted
    texts: tuple[str, ...]
    values: dict[str, Any]
    dry: bool


@dataclass
class Run:
    """A statement while it runs. Another thread may stop it."""

    cursor: Any
    stopped: threading.Event = field(default_factory=threading.Event)

    def check(self) -> None:
        """Raise StoppedError if it was stopped."""
        if self.stopped.is_set():
            raise StoppedError

    def stop(self) -> None:
        """Stop it as soon as DuckDB looks."""
        self.stopped.set()
        self.cursor.interrupt()


class Executor:
    """Runs statements, some at a time, and those that change something one after the other."""

    def __init__(self, engine: Any) -> None:  # noqa: ANN401  (bqemulator's own)
        self._engine = engine
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="statement")
        self._runs: dict[str, Run] = {}
        self._ending: set[asyncio.Task[None]] = set()

    async def execute(self, job: str, statement: Statement, *, limit_seconds: float) -> Result:
        """Execute a statement, by a job's id, within so many seconds from its start.

        Raises:
            RefusedError: It isn't what was admitted.
            StoppedError: Time was up, or the job was cancelled.
            FailedError: DuckDB failed.
        """
        async with AsyncExitStack() as held:
            if statement.admitted.kind != "SELECT" and not statement.dry:
                await held.enter_async_context(self._engine.write_lock())
            run = Run(cursor=self._engine.connection.cursor())
            held.callback(run.cursor.close)
            self._runs[job] = run
            held.callback(self._runs.pop, job, None)
            working = asyncio.get_running_loop().run_in_executor(self._threads, _execute, run, statement)
            done, _ = await asyncio.wait([working], timeout=limit_seconds)
            for _ in range(_INTERRUPTS):
                if done:
                    return working.result()
                # One between two statements is lost, so it is repeated until it is heard.
                run.stop()
                done, _ = await asyncio.wait([working], timeout=_AGAIN_SECONDS)
            # It is within one operation, and hears nothing before that ends: only its cursor waits for it.
            self._ending.add(asyncio.create_task(self._end(working, held.pop_all())))
            raise StoppedError

    async def _end(self, working: asyncio.Future[Result], held: AsyncExitStack) -> None:
        """Let go of what a statement holds, as soon as it has ended."""
        async with held:
            await asyncio.wait([working])
            # What it ended with has been reported already; asking keeps asyncio from reporting it again.
            working.exception()
        self._ending.discard(cast("asyncio.Task[None]", asyncio.current_task()))

    def cancel(self, job: str) -> bool:
        """Stop a job; return whether it ran."""
        run = self._runs.get(job)
        if run is not None:
            run.stop()
        return run is not None


def _execute(run: Run, statement: Statement) -> Result:
    result = Result(table=_NO_ROWS)
    cursor = run.cursor
    cursor.execute("BEGIN TRANSACTION")
    try:
        for text in statement.texts:
            try:
                result = _one(run, statement, text)
            # Arrow gives DuckDB's errors another class while rows are read.
            except (duckdb.Error, pa.ArrowException, OSError) as problem:
                if run.stopped.is_set():
                    raise StoppedError from problem
                raise _failed(problem, text) from problem
        run.check()
        cursor.execute("ROLLBACK" if statement.dry else "COMMIT")
    except BaseException:
        # A statement that failed inside may have ended the transaction; closing the cursor ends it in any case.
        with contextlib.suppress(duckdb.Error):
            cursor.execute("ROLLBACK")
        raise
    return result


def _one(run: Run, statement: Statement, text: str) -> Result:
    admitted, cursor = statement.admitted, run.cursor
    found = duckdb.extract_statements(text)
    problem = statement_problem(admitted, text, [each.type.name for each in found])
    if problem is not None:
        raise RefusedError(problem)
    used = {name: value for name, value in statement.values.items() if name in found[0].named_parameters}
    scans: frozenset[tuple[str, ...]] = frozenset()
    if admitted.kind in PLANNED:
        # In the same transaction as the execution, so that nothing can change between the two.
        plan = json.loads(cursor.execute(f"EXPLAIN (FORMAT JSON) {text}", used).fetchall()[0][1])
        problem = plan_problem(admitted, plan)
        if problem is not None:
            raise RefusedError(problem)
        scans = frozenset(scans_of(plan))
    run.check()
    if admitted.kind == "SELECT":
        read = f"SELECT * FROM ({text}) LIMIT 0" if statement.dry else text  # noqa: S608  (the statement that was judged)
        executed = cursor.execute(read, used)
        kinds = tuple(kind_of(str(column[1])) for column in executed.description)
        return Result(table=_rows(run, executed), kinds=kinds, scans=scans)
    counted = None if statement.dry else cursor.execute(text, used).fetchone()
    affected = counted[0] if counted and admitted.kind in COUNTED else None
    return Result(table=_NO_ROWS, affected=affected, scans=scans)


def _rows(run: Run, executed: Any) -> Any:  # noqa: ANN401  (DuckDB's own, and Arrow's)
    reader, batches, held = executed.fetch_record_batch(_BATCH_ROWS), [], 0
    for batch in reader:
        held += batch.nbytes
        run.check()
        if held > MOST_RESULT_BYTES:
            raise FailedError(
                f"Response too large to return: the local BigQuery keeps {MOST_RESULT_BYTES} bytes of rows.",
                reason="responseTooLarge",
            )
        batches.append(batch)
    return pa.Table.from_batches(batches, schema=reader.schema)


def _failed(problem: Exception, text: str) -> FailedError:
    if isinstance(problem, duckdb.OutOfMemoryException) or "Out of Memory Error" in str(problem):
        return FailedError(
            "Resources exceeded during query execution: the local BigQuery has no more memory for it.",
            reason="resourcesExceeded",
        )
    if required := _REQUIRED.search(str(problem)):
        return FailedError(f"Required field {required.group(1)} cannot be null", reason="invalidQuery")
    known = translate_runtime_error(problem, duckdb_sql=text)
    reason = str(getattr(known, "bq_reason", "invalidQuery"))
    # DuckDB goes on to quote the text, which is not the one that was asked.
    message, *_ = str(getattr(known, "message", known)).split("\n\nLINE ")
    return FailedError(message, reason=reason)


def value_of(wire: Any) -> Any:  # noqa: ANN401  (a value of JSON, and one of DuckDB)
    """Read a parameter's value: text, ``null``, bytes in base64, a list, or a struct.

    Raises:
        ValueError: It is none of these.
    """
    if wire is None or isinstance(wire, str):
        return wire
    if isinstance(wire, dict) and len(wire) == 1:
        (kind, inner), *_ = wire.items()
        if kind == "base64" and isinstance(inner, str):
            return base64.b64decode(inner, validate=True)
        if kind == "list" and isinstance(inner, list):
            if all(each is None or isinstance(each, str) for each in inner):
                return _list_text(inner)
            return [value_of(each) for each in inner]
        if kind == "struct" and isinstance(inner, dict):
            return {str(name): value_of(each) for name, each in inner.items()}
    raise ValueError(f"no value: {wire!r:.60}")


def _list_text(texts: list[str | None]) -> str:
    """Write a list as DuckDB casts it from text: a list of Python's takes a hundred times as long to bind."""
    escaped = ("NULL" if text is None else '"' + _ESCAPED.sub(r"\\\g<0>", text) + '"' for text in texts)
    return f"[{', '.join(escaped)}]"
