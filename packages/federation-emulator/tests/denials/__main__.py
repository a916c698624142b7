"""``make denials`` writes the denial table for people."""

from __future__ import annotations

from keyless_bigquery.components.program import ROOT
from tests.denials.document import FILE, document

if __name__ == "__main__":
    (ROOT / FILE).write_text(document())
