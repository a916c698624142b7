"""The page of what is certain, approximate and not served, made of the cases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tests.fidelity.model import Case, CaseFile, Certainty, files, sources

FILE = "packages/federation-emulator/FIDELITY.md"
_HEADINGS = {
    Certainty.CERTAIN: "Certain",
    Certainty.APPROXIMATE: "Approximate (≈)",
    Certainty.NOT_SERVED: "Not served",
}
_INTRODUCTION = """\
# How close the local Google is to Google

`make fidelity` sends each of these cases to the local Google, prints what differs, and writes this page from
[their files](tests/fidelity/cases). `make test` holds both.

*Certain*: Google's answer is public, and this one has the same status, code and text, as far as the case says them.
*Approximate*: Google refuses or answers so, too, and a part of how is not public; the last column says which. *Not
served*: Google does this, and the local Google answers 501 with its name. What isn't on this page is in
[SUPPORT.md](SUPPORT.md), without a claim about Google's words.

No request here was sent to Google: the [sources](#sources) are documentation, and answers that others have
published."""


def page() -> str:
    """The page's text."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield _INTRODUCTION
    yield from ("", "| API | certain | approximate | not served |", "| --- | --- | --- | --- |")
    every: Counter[Certainty] = Counter()
    for file in files():
        counts = Counter(case.certainty for case in file.cases)
        every += counts
        yield _row(file.api, *(str(counts[each]) for each in Certainty))
    yield _row("**all**", *(f"**{every[each]}**" for each in Certainty))
    for file in files():
        yield from ("", f"## {file.api}")
        for certainty in Certainty:
            yield from _table(file, certainty)
    yield from ("", "## Sources", "", "| source | kind | what |", "| --- | --- | --- |")
    for key, source in sorted(sources().items()):
        yield _row(f"[{key}]", source.kind, _cell(source.title))
    yield ""
    for key, source in sorted(sources().items()):
        yield f"[{key}]: {source.url}"


def _table(file: CaseFile, certainty: Certainty) -> Iterator[str]:
    chosen = [case for case in file.cases if case.certainty is certainty]
    if not chosen:
        return
    last = {Certainty.CERTAIN: "source", Certainty.APPROXIMATE: "what is not public", Certainty.NOT_SERVED: "source"}
    yield from ("", f"### {_HEADINGS[certainty]}", "", f"| case | answer | {last[certainty]} |", "| --- | --- | --- |")
    for case in chosen:
        named = ", ".join(f"[{key}]" for key in case.sources)
        yield _row(_cell(case.title), _answer(case), f"{_cell(case.why)} {named}".strip())


def _answer(case: Case) -> str:
    expect = case.expect
    code = " ".join(filter(None, (str(expect.status), expect.error, expect.reason)))
    text = expect.message or (expect.matches and _readable(expect.matches)) or ""
    # As code with two ticks: texts of BigQuery's have one.
    return code + (f": `` {_cell(text)} ``" if text else "")


def _readable(pattern: str) -> str:
    """A pattern as a text with … for what varies."""
    for variable in ("[0-9]+", "[^ ]+", ".+", ".*"):
        pattern = pattern.replace(variable, "…")
    return pattern.replace("\\", "")


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
