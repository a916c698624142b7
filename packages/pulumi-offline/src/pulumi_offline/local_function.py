"""A function under test: tables with rows and a grant each, and calls as Lambda makes them, against a local Google.

``pytest_plugins = ["pulumi_offline.local_function"]``, and ask for the fixture ``local_function``.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from federation_emulator.pytest_plugin import Federation


ROLE = "function"
"""The role of the local AWS that the function runs as: `federation_emulator/function.yaml` makes it."""

ACCOUNT = "function-reader"
"""The service account that it impersonates, of the same file."""

_SECONDS = 60.0
_BYTES = 100 * 1024 * 1024


class Context:
    """What the function is given as Lambda's context."""

    def __init__(self) -> None:
        self._end = time.monotonic() + _SECONDS

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function would be stopped."""
        return max(0, int((self._end - time.monotonic()) * 1000))


@pytest.fixture
def local_function(federation: Federation) -> Iterator[LocalFunction]:
    """A function's role on the local Google, which calls handlers as Lambda does. Needs the seed of the default."""
    function = LocalFunction(federation)
    yield function
    function.remove_tables()


class LocalFunction:
    """Calls handlers as Lambda does, in this process, as a role that may read the tables that were added."""

    def __init__(self, google: Federation) -> None:
        self._google = google
        self._tables: list[str] = []
        self._columns: list[str] = []

    def add_table(self, name: str, columns: Mapping[str, str], rows: Sequence[Mapping[str, Any]] = ()) -> str:
        """Makes a table, which the function may read until the test ends.

        Args:
            name: ``dataset.table``; the dataset is made if it isn't there. The first one added is ``bigquery.table``.
            columns: Type of each column, by name.
            rows: The rows.

        Returns:
            Its name in SQL: ``project.dataset.table``.

        Raises:
            ProcessError: Something was refused; the text is Google's.
        """
        dataset, _, table = name.partition(".")
        datasets = f"/bigquery/v2/projects/{self._google.project_id}/datasets"
        if f"{self._google.project_id}:{dataset}" not in self._datasets(datasets):
            self._google.call("POST", datasets, {"datasetReference": {"datasetId": dataset}, "location": "US"})
        path = f"{datasets}/{dataset}/tables"
        fields = [{"name": column, "type": kind} for column, kind in columns.items()]
        self._google.call("POST", path, {"tableReference": {"tableId": table}, "schema": {"fields": fields}})
        if rows:
            sent = {"rows": [{"json": dict(row)} for row in rows]}
            answer = self._google.call("POST", f"{path}/{table}/insertAll", sent)
            if answer.get("insertErrors"):
                raise ValueError(f"rows of {name} were not taken: {answer['insertErrors']}")
        member = f"serviceAccount:{ACCOUNT}@{self._google.project_id}.iam.gserviceaccount.com"
        policy = {"bindings": [{"role": "roles/bigquery.dataViewer", "members": [member]}]}
        self._google.call("POST", f"{path}/{table}:setIamPolicy", {"policy": policy})
        self._tables.append(f"{self._google.project_id}.{dataset}.{table}")
        self._columns = self._columns or list(columns)
        return self._tables[-1]

    def invoke(
        self,
        handler: Callable[[Any, Any], object],
        event: object = None,
        *,
        environment: Mapping[str, str] | None = None,
        role: str = ROLE,
    ) -> Any:  # noqa: ANN401 - whatever the handler returns
        """Calls a handler with an event, and returns what it returns after a journey through JSON.

        Args:
            handler: The handler, decorated or not.
            event: The event; ``None``: ``{}``.
            environment: Further variables of the function.
            role: The role that it runs as; any other than the default is refused.

        Raises:
            keyless_bigquery.runtime.errors.ReaderError: A link of the chain failed.
            Exception: What the function raised.
        """
        from keyless_bigquery.runtime.process import Process
        from keyless_bigquery.runtime.wrapper import guarded

        variables = {
            "BIGQUERY_TABLE": self._tables[0],
            "BIGQUERY_TABLES": ",".join(self._tables),
            "BIGQUERY_COLUMNS": ",".join(self._columns),
            "BIGQUERY_LOCATION": "US",
            "BIGQUERY_MAXIMUM_BYTES_BILLED": str(_BYTES),
            "BIGQUERY_EMULATOR_HOST": self._google.url,
            **(environment or {}),
        }
        with self._google.as_role(role, service_account=ACCOUNT), pytest.MonkeyPatch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name, value)
            # Each call is a cold start: nothing is kept from a call with other variables.
            patch.setattr("keyless_bigquery.runtime.wrapper.PROCESS", Process())
            returned = guarded(handler)(json.loads(json.dumps({} if event is None else event)), Context())
        return json.loads(json.dumps(returned))

    def remove_tables(self) -> None:
        """Removes the tables that were added."""
        for name in self._tables:
            project, dataset, table = name.split(".")
            self._google.call("DELETE", f"/bigquery/v2/projects/{project}/datasets/{dataset}/tables/{table}")

    def _datasets(self, path: str) -> set[str]:
        return {str(found["id"]) for found in self._google.call("GET", path).get("datasets", [])}
