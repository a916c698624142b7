"""Whatever a text from outside holds, it is printed on one line, and what is not seen is written out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyless_bigquery.runtime.printable import as_lines, one_line
from tests import hostile


@given(hostile.texts | st.text())
def test_nothing_of_a_text_ends_a_line_moves_a_cursor_or_is_unseen(text: str) -> None:
    shown = one_line(text)
    assert not hostile.forbidden(shown)
    assert len(shown.splitlines()) <= 1
    assert one_line(shown) == shown, "to escape twice is to escape once"


@pytest.mark.parametrize("character", hostile.CHARACTERS, ids=ascii)
def test_each_character_that_is_not_seen_is_written_as_python_writes_it(character: str) -> None:
    shown = one_line(f"a{character}b")
    assert shown.isascii()
    assert shown[1:-1].encode().decode("unicode_escape") == character


@pytest.mark.parametrize(
    "text",
    ["plain", "日本語　テスト", "Crème brûlée", "Ελληνικά", "עברית", "हिन्दी", "👍🏽 ❤️", "1\u00a0000 €", r"C:\new", ""],
)
def test_what_people_write_stays_as_it_is(text: str) -> None:
    assert one_line(text) == text


@pytest.mark.parametrize("text", ["a\ufe0fdmin", "admin\ufe0f", "1\ufe0f", "❤\ufe0f\ufe0f"])
def test_a_variation_selector_is_written_out_except_behind_an_emoji(text: str) -> None:
    assert "\\ufe0f" in one_line(text)


def test_a_text_may_be_cut() -> None:
    assert one_line("x" * 10, 10) == "x" * 10
    assert one_line("x" * 11, 10) == "x" * 9 + "…"


def test_lines_are_those_that_a_newline_ends_and_no_others() -> None:
    assert as_lines("a\r\nb\x0bc\x85d\u2028e\n") == "a\n" + r"b\x0bc\x85d\u2028e" + "\n"
    assert as_lines("") == ""
