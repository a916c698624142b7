"""The part of the grammar that changes something."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tests.differential import pieces
from tests.differential.gateway import Asked
from tests.differential.grammar import Grammar


class Changes(Grammar):
    """Writes one statement that makes or changes a table, or makes a view."""

    def change(self, tables: Sequence[str], views: Sequence[str]) -> Asked:
        """Write a statement that changes one of some tables, or makes a view of one of these names."""
        target, view = self._one_of(tables), self._one_of(views)
        kinds: tuple[Callable[[], str], ...] = (
            lambda: f"INSERT INTO {target} (id, word) {self._query(2)}",
            lambda: f"INSERT {target} (id, word) SELECT id, word FROM {self._relation(1)}",
            lambda: f"INSERT INTO {target} (word) VALUES ({self._string(0)}), ({self._scalar(1)})",
            lambda: f"UPDATE {target} AS w SET word = {self._scalar(1)} WHERE {self._of_target()}",
            lambda: f"UPDATE {target} w SET w.word = s.word FROM ({self._query(2)}) AS s WHERE w.id = s.id",
            lambda: f"DELETE FROM {target} AS w WHERE {self._of_target()}",
            lambda: f"DELETE {target} w WHERE w.word IN (SELECT word FROM {self._relation(1)})",
            lambda: (
                f"MERGE INTO {target} w USING ({self._query(2)}) s ON w.id = s.id WHEN MATCHED THEN UPDATE SET "
                "word = s.word WHEN NOT MATCHED THEN INSERT (id, word) VALUES (s.id, s.word)"
            ),
            lambda: (
                f"MERGE {target} w USING {self._relation(1)} s ON w.id = s.id WHEN MATCHED AND {self._of_target()} "
                "THEN DELETE"
            ),
            lambda: f"CREATE OR REPLACE TABLE {target} AS {self._query(2)}",
            lambda: f"CREATE TABLE IF NOT EXISTS {target} AS {self._query(2)}",
            lambda: f"CREATE OR REPLACE TABLE {target} LIKE {self._table()}",
            lambda: f"CREATE OR REPLACE TABLE {target} CLONE {self._table()}",
            lambda: f"CREATE OR REPLACE VIEW {view} AS {self._query(2)}",
            lambda: f"CREATE OR REPLACE VIEW {view} AS {self._query(2)}",
            lambda: f"TRUNCATE TABLE {target}",
            lambda: f"ALTER TABLE {target} ADD COLUMN IF NOT EXISTS {self._one_of(pieces.NAMES)} STRING",
        )
        return self._asked(self._one_of(kinds)())

    def _of_target(self) -> str:
        self._rows.append(["w"])
        written = self._bool(1)
        self._rows.pop()
        return written
