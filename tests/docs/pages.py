"""The project's documents as what a reader of them follows: links, headings, blocks of commands, tables."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from keyless_bigquery.components.program import ROOT

_SHELL = frozenset({"", "sh", "bash", "console"})
_MADE_HERE = frozenset({"build", "node_modules"})


def documents() -> list[Path]:
    """Every document of the project, and none that lies in a folder which is made here."""
    folders = [path for path in ROOT.iterdir() if path.is_dir() and path.name[0] != "." and path.name not in _MADE_HERE]
    found = [*ROOT.glob("*.md"), *(ROOT / ".github").rglob("*.md")]
    return sorted(found + [page for folder in folders for page in folder.rglob("*.md")])


def name_of(document: Path) -> str:
    """A document as a test's id."""
    return document.relative_to(ROOT).as_posix()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Table:
    """One table under a heading; its rows are lists of cells as they are written, the head first."""

    heading: str
    rows: list[list[str]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Page:
    """One document, as Markdown's reader takes it."""

    path: Path
    tokens: Sequence[Token]

    @property
    def links(self) -> list[str]:
        """Where its links and pictures lead to."""
        return [
            str(token.attrs["href" if token.type == "link_open" else "src"])
            for token in _inline(self.tokens)
            if token.type in {"link_open", "image"}
        ]

    @property
    def anchors(self) -> list[str]:
        """What a link may name after the ``#``, as GitHub makes it of each heading."""
        slugs = [_slug(self.tokens[place + 1]) for place in self._headings]
        before = [slugs[:place].count(slug) for place, slug in enumerate(slugs)]
        return [f"{slug}-{count}" if count else slug for slug, count in zip(slugs, before, strict=True)]

    @property
    def blocks(self) -> list[str]:
        """Every block that a reader could take for commands."""
        return [token.content for token in self.tokens if token.type == "fence" and token.info in _SHELL]

    @property
    def commands(self) -> list[str]:
        """What it has to type: each block of commands, and each command in the text by itself."""
        return self.blocks + self.spans

    @property
    def spans(self) -> list[str]:
        """Everything in the text that is set as code, on one line each."""
        return [" ".join(token.content.split()) for token in _inline(self.tokens) if token.type == "code_inline"]

    @property
    def headings(self) -> list[str]:
        """Its headings as they are written."""
        return [self.tokens[place + 1].content for place in self._headings]

    @property
    def tables(self) -> list[Table]:
        """Its tables."""
        found: list[Table] = []
        heading = ""
        for place, token in enumerate(self.tokens):
            if token.type == "heading_open":
                heading = self.tokens[place + 1].content
            elif token.type == "table_open":
                found.append(Table(heading=heading, rows=[]))
            elif token.type == "tr_open":
                found[-1].rows.append([])
            elif token.type in {"td_open", "th_open"}:
                found[-1].rows[-1].append(self.tokens[place + 1].content)
        return found

    @property
    def _headings(self) -> list[int]:
        return [place for place, token in enumerate(self.tokens) if token.type == "heading_open"]


@functools.cache
def read(path: Path) -> Page:
    """A document, read once."""
    return page_of(path.read_text(), path=path)


def page_of(text: str, *, path: Path) -> Page:
    """A text as a document that lies somewhere."""
    return Page(path=path, tokens=MarkdownIt("commonmark").enable("table").parse(text))


def _inline(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        yield from token.children or []


def _slug(heading: Token) -> str:
    text = "".join(child.content for child in heading.children or [] if child.type in {"text", "code_inline"})
    return re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
