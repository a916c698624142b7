"""The documents stay as short as a person reads them."""

from __future__ import annotations

import pytest

from keyless_bigquery.components.program import ROOT

MOST_README_LINES = 130
MOST_WORDS = {"docs": 20_000, "CONTRIBUTING.md": 1_000}


def test_the_readme_is_read_in_one_sitting() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= MOST_README_LINES


@pytest.mark.parametrize("path", MOST_WORDS)
def test_a_document_has_no_more_words_than_it_may(path: str) -> None:
    documents = [ROOT / path] if path.endswith(".md") else (ROOT / path).rglob("*.md")
    assert sum(len(document.read_text().split()) for document in documents) <= MOST_WORDS[path]
