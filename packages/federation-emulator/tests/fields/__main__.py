"""``make fields`` writes the table of fields into SUPPORT.md."""

from __future__ import annotations

from keyless_bigquery.components.program import ROOT
from tests.fields.document import FILE, written

if __name__ == "__main__":
    (ROOT / FILE).write_text(written((ROOT / FILE).read_text()))
