"""The table of what was tried with each client, as CONFORMANCE.md has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from keyless_bigquery.components.program import ROOT
from tests.conformance.clients import Client

FILE = ROOT / "packages/federation-emulator/CONFORMANCE.md"
WORKS = "✓"
COLUMNS = {
    "allowed": "a token for the provider's role, by itself",
    "refused": "another role gets the client's own exception, and the decision names the attribute condition",
    "impersonated": "a token of the service account",
    "query": "two rows, as that account",
    "OIDC": "a token in a file (`credential_source.file`): the right subject is allowed, another one refused",
    "http": "impersonation and query without `--tls`",
}
_BEGINNING = """# Google's clients, tried

`make conformance` runs these programs against a local Google and writes this page. A test holds its rows and columns,
and each cell of the fast rows. A program is what its library's documentation has, with `serve --tls` and in the
environment of `use ROLE --universe googleapis.com` alone; the last column has what else it says to BigQuery's client.
Programs and pins are in `packages/federation-emulator/tests/conformance`.

"""


def written(rows: Sequence[tuple[Client, Mapping[str, str]]]) -> str:
    """Write the page.

    Args:
        rows: Each client with its cells, by column.
    """
    head = ["language", "packages", *COLUMNS, "what the program says besides"]
    lines = [head, ["---"] * len(head)]
    for client, cells in rows:
        lines.append([client.language, client.name, *(cells[name] for name in COLUMNS), client.options])
    meaning = "".join(f"- **{name}**: {text}\n" for name, text in COLUMNS.items())
    return f"{_BEGINNING}{meaning}\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines)


def read(text: str) -> dict[str, dict[str, str]]:
    """Read the cells of a page, by packages and column."""
    rows = [[cell.strip() for cell in line[1:-1].split("|")] for line in text.splitlines() if line.startswith("| ")]
    head, _, *body = rows
    return {row[1]: dict(zip(head, row, strict=True)) for row in body}
