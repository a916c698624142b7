"""Every link inside the project leads somewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from keyless_bigquery.components.program import ROOT
from tests.docs.pages import Page, documents, name_of, page_of, read


def broken(page: Page) -> Iterator[str]:
    """The links that lead to no file, out of the project, or to no heading of their page."""
    for link in page.links:
        if "://" in link or link.startswith("mailto:"):
            continue
        name, _, anchor = unquote(link).partition("#")
        target = (page.path.parent / name).resolve() if name else page.path
        if not target.exists() or not target.is_relative_to(ROOT):
            yield f"{link}: there is no {target}"
        elif anchor and anchor not in read(target).anchors:
            yield f"{link}: the headings are {', '.join(read(target).anchors)}"


@pytest.mark.parametrize("document", documents(), ids=name_of)
def test_every_link_to_a_file_or_a_heading_finds_it(document: Path) -> None:
    assert list(broken(read(document))) == []


@pytest.mark.parametrize(
    "link", ["nowhere.md", "../no-heading.md", "README.md#no-such-heading", "/etc/hosts", "../../../etc/hosts"]
)
def test_a_link_that_leads_nowhere_is_found(link: str) -> None:
    assert list(broken(page_of(f"[text]({link})", path=ROOT / "page.md")))


def test_a_link_to_a_heading_is_made_as_github_makes_it() -> None:
    page = page_of("# `pool: own`, and *why*\n## A b\n## A b\n## A b\n", path=ROOT / "page.md")
    assert page.anchors == ["pool-own-and-why", "a-b", "a-b-1", "a-b-2"]
