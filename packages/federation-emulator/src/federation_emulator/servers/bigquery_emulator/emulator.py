"""bqemulator put together: its catalogue and its routes of datasets and tables, over a closed engine."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from bqemulator.api.dependencies import AppContext
from bqemulator.api.errors import install_exception_handlers
from bqemulator.api.routes import tables
from bqemulator.api.routes.datasets import router as datasets
from bqemulator.api.routes.tabledata import router as tabledata
from bqemulator.catalog import ddl_sync
from bqemulator.catalog.duckdb_repository import DuckDBCatalogRepository
from bqemulator.catalog.memory_repository import MemoryCatalogRepository
from bqemulator.catalog.models import TableSchema
from bqemulator.config import PersistenceMode, Settings
from bqemulator.domain.clock import SystemClock
from bqemulator.domain.events import EventBus
from bqemulator.observability.metrics import MetricsRegistry
from bqemulator.row_access.policy import RowAccessPolicyManager
from bqemulator.storage import arrow_bridge, sql_identifiers
from bqemulator.types import geography
from bqemulator.udf.runtime import UDFRegistry
from fastapi import FastAPI
from starlette.types import ASGIApp

from federation_emulator.servers.bigquery_emulator.application import Application
from federation_emulator.servers.bigquery_emulator.engine import ClosedEngine
from federation_emulator.servers.bigquery_emulator.executing import Executor
from federation_emulator.servers.bigquery_emulator.readers import Readers
from federation_emulator.servers.bigquery_emulator.values import interval_parts, kind_of

_ID = re.compile(r"[^\"'`\\.;\x00-\x1f\x7f]{1,1024}\Z")
"""Ids that were checked by the gateway, in letters of any script. None can end the quotes that it is written in.
bqemulator's own rule has ASCII letters only."""


class NoSnapshots:
    """In place of bqemulator's time travel, which copies a table at each change of it."""

    def record_change(self, *_table: str, **_more: object) -> None:
        """Keep nothing."""

    def drop_snapshots_for_table(self, *_table: str, **_more: object) -> None:
        """Drop nothing."""


def _columns_of(project: str, dataset: str, table: str, context: Any) -> TableSchema:  # noqa: ANN401  (bqemulator's)
    """Read a table's columns from DuckDB, in place of bqemulator's reading, which loses JSON, GEOGRAPHY and others."""
    rows = context.engine.execute(f"PRAGMA table_info({sql_identifiers.quoted_table_ref(project, dataset, table)})")
    fields = [kind_of(kind).field(name, required=bool(fixed)) for _, name, kind, fixed, *_ in rows.fetchall()]
    return TableSchema(fields=tables._parse_schema_fields(fields))


_duckdb_columns = tables.bq_schema_to_duckdb_columns


def _with_required(fields: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Write a new table's columns for DuckDB; bqemulator's own writing lets a statement set a REQUIRED one to NULL."""
    required = {field["name"] for field in fields if field.get("mode") == "REQUIRED"}
    return [(name, f"{kind} NOT NULL" if name in required else kind) for name, kind in _duckdb_columns(fields)]


_other_interval = arrow_bridge._bq_interval_string_to_tuple


def _interval(text: str) -> Any:  # noqa: ANN401  (what Arrow takes)
    """Read an interval; bqemulator's own reading takes the first sign for that of all three parts."""
    return interval_parts(text) or _other_interval(text)


async def open_emulator(
    folder: Path, extensions: Path, project: str, *, readers: Readers, keep: bool
) -> tuple[ASGIApp, Any]:
    """Open the database, in the folder if its data is kept, and put the application together.

    Returns:
        The application, and the engine, to be stopped at the end.
    """
    sql_identifiers._SQL_SAFE_ID_RE = _ID
    ddl_sync._introspect_schema = _columns_of
    arrow_bridge._bq_interval_string_to_tuple = _interval
    tables.bq_schema_to_duckdb_columns = _with_required
    settings = Settings(
        persistence_mode=PersistenceMode.PERSISTENT if keep else PersistenceMode.EPHEMERAL,
        data_dir=folder / "data" if keep else None,
        default_project_id=project,
        enable_format_extensions=False,
        metrics_enabled=False,
    )
    engine = ClosedEngine(settings, extensions=extensions)
    await engine.start()
    # bqemulator's own would install the extension from the internet.
    geography._ensure_conv_conn = engine.connection.cursor
    catalogue = DuckDBCatalogRepository(engine) if keep else MemoryCatalogRepository(engine)
    if keep:
        catalogue.ensure_ready()
    clock = SystemClock()
    context = AppContext(
        settings=settings,
        clock=clock,
        engine=engine,
        catalog=catalogue,
        metrics=MetricsRegistry(),
        events=EventBus(),
        udf_registry=UDFRegistry(settings),
        snapshots=NoSnapshots(),
        row_access=RowAccessPolicyManager(catalog=catalogue, clock=clock),
    )
    catalogue_routes = FastAPI(openapi_url=None)
    catalogue_routes.state.context = context
    install_exception_handlers(catalogue_routes)
    for router in (datasets, tables.router, tabledata):
        catalogue_routes.include_router(router)
    return Application(catalogue_routes, context, readers, Executor(engine)), engine
