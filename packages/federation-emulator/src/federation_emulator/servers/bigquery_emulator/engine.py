"""DuckDB, closed: no files, no network, no extensions, no settings; and each text is one statement."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
from bqemulator.sql.builtin_udfs import register_builtin_udfs
from bqemulator.storage.engine import CATALOG_SCHEMA, SNAPSHOTS_SCHEMA, DuckDBEngine

MOST_MEMORY = "2GB"
"""What DuckDB may hold: a statement that needs more fails, and the machine goes on."""

_LOCKED = (
    # So that a plan can be judged before it is optimised.
    "SET GLOBAL explain_output = 'all'",
    "SET GLOBAL python_enable_replacements = false",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)
_INTERNAL = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "ALTER", "PRAGMA"})
"""Types of the statements that the emulator writes itself."""


class ClosedEngine(DuckDBEngine):  # type: ignore[misc]  # bqemulator is not installed where types are checked
    """The emulator's engine, with everything taken away that a statement could reach besides tables."""

    def __init__(self, settings: Any, *, extensions: Path) -> None:  # noqa: ANN401  (bqemulator's own)
        super().__init__(settings)
        self._extensions = extensions

    async def start(self) -> None:
        """Open the database, and close what leads out of it."""
        config = {
            "extension_directory": str(self._extensions),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "memory_limit": MOST_MEMORY,
            "temp_directory": "",
        }
        connection = duckdb.connect(self._resolve_path(), config=config)
        self._connection = connection
        for extension in ("icu", "json", "spatial"):
            connection.execute(f"LOAD {extension}")
        connection.execute("SET GLOBAL TimeZone = 'UTC'")
        for schema in (CATALOG_SCHEMA, SNAPSHOTS_SCHEMA):
            connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
        register_builtin_udfs(connection)
        for setting in _LOCKED:
            connection.execute(setting)
        self._started = True

    def shape(self, binary: bytes) -> str:
        """Write a geometry as text."""
        row = self.connection.cursor().execute("SELECT ST_AsText(ST_GeomFromWKB(?::BLOB))", [binary]).fetchone()
        return str(row[0])

    def execute(self, sql: str, parameters: list[Any] | None = None) -> Any:  # noqa: ANN401  (DuckDB's own)
        """Execute a statement that the emulator wrote itself.

        Raises:
            PermissionError: It isn't one statement of a kind that the emulator has use for.
        """
        found = [statement.type.name for statement in duckdb.extract_statements(sql)]
        if len(found) != 1 or found[0] not in _INTERNAL:
            raise PermissionError(f"the emulator would execute {found}, not one statement of its own")
        return super().execute(sql, parameters)
